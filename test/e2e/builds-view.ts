import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { API_GROUP_VERSION } from '../../crds/constants.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { namespace, type World } from '../cluster/node/world.js';
import { waitFor } from '../support/wait-for.js';
import type { Runboat } from './runboat.js';

// biome-ignore lint/suspicious/noExplicitAny: any field of any resource or answer.
type Any = any;
type Log = 'log' | 'init-log';

/** What a stream has brought so far. */
export interface Followed {
  readonly text: string;
  /** Whether the server has ended it. */
  readonly isOver: boolean;
  leave(): void;
}

const patienceMs = 90_000;

/** Builds as people and programs see them: by the gateway, their pods' addresses, and the database server. */
export class BuildsView {
  constructor(
    private readonly world: World,
    private readonly runboat: Runboat,
  ) {}

  async names(): Promise<string[]> {
    const builds = (await (await this.call('')).json()) as { name: string }[];
    return builds.map(({ name }) => name).sort();
  }

  async get(name: string): Promise<Any> {
    return (await this.call(`/${name}`)).json();
  }

  /** A condition of the build's resource. */
  async condition(name: string, type: string): Promise<Any> {
    const build = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/runboatbuilds/${name}`;
    const { status } = await this.world.kube.get<KubeObject & { status: Any }>(build);
    return status.conditions.find((condition: Any) => condition.type === type);
  }

  /** Waits until the gateway tells this status of the build. */
  async reaches(name: string, status: string, timeoutMs = patienceMs): Promise<void> {
    let last: Any;
    const reached = async () => {
      last = await this.get(name);
      if (last.status === 'failed') throw new Error(`${name} failed: ${last.message}`);
      return last.status === status;
    };
    await waitFor(reached, { timeoutMs, describe: () => [`${name} to be ${status}`, last] });
  }

  async start(name: string): Promise<void> {
    await this.call(`/${name}/start`, { method: 'POST' });
  }

  async stop(name: string): Promise<void> {
    await this.call(`/${name}/stop`, { method: 'POST' });
  }

  async delete(name: string): Promise<void> {
    await this.call(`/${name}`, { method: 'DELETE', headers: this.runboat.admin });
  }

  async log(name: string, log: Log): Promise<string> {
    return (await this.call(`/${name}/${log}`, { headers: { accept: 'text/plain' } })).text();
  }

  /** Reads a log as it comes, until `leave`. */
  async follow(name: string, log: Log): Promise<Followed> {
    const leaving = new AbortController();
    const options = { headers: { accept: 'text/plain' }, signal: leaving.signal };
    const answer = await this.call(`/${name}/${log}?follow=true`, options);
    const followed = { text: '', isOver: false, leave: () => leaving.abort() };
    void readAll(answer, followed);
    return followed;
  }

  /** Gets a page of a running build by its pod's address, once one answers at all. */
  async page(name: string, address = '/', port = 8080): Promise<string> {
    return waitFor(
      async () => {
        const pod = (await this.pods(name)).find(({ status }) => status.phase === 'Running');
        const answer = pod && (await fetch(`http://${pod.status.podIP}:${port}${address}`));
        return answer?.text();
      },
      { timeoutMs: patienceMs, describe: `a page of ${name}`, intervalMs: 20 },
    );
  }

  /** The pods of a build that are not those of its jobs. */
  async pods(name: string): Promise<Any[]> {
    const labelSelector = `runboat/build=${name},!runboat/job-kind`;
    const { items } = await this.world.kube.listAll<KubeObject>(`/api/v1/namespaces/${namespace}/pods`, {
      labelSelector,
    });
    return items;
  }

  /** Waits until no pod is left: a kubelet deletes one a moment after its containers, and thus the build, have stopped. */
  async hasNoPods(name: string): Promise<void> {
    const none = async () => (await this.pods(name)).length === 0;
    await waitFor(none, { timeoutMs: patienceMs, describe: `the pods of ${name} to be gone` });
  }

  /** Waits for the job. */
  async initializeJob(name: string): Promise<Any> {
    const job = `/apis/batch/v1/namespaces/${namespace}/jobs/${name}-initialize`;
    return waitFor(() => this.world.kube.get<KubeObject>(job), { describe: `the job of ${name}` });
  }

  async isGone(name: string): Promise<void> {
    const gone = async () => (await fetch(`${this.runboat.url}/api/v1/builds/${name}`)).status === 404;
    await waitFor(gone, { timeoutMs: patienceMs, describe: `${name} to be gone` });
  }

  /** The names of the builds' databases. */
  databases(): Promise<string[]> {
    return this.world.database.query(
      "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY datname",
    );
  }

  /** Waits until no object of any kind has the label of a build; the kubelet's last pods go a moment after it. */
  async leaveNothing(): Promise<void> {
    let left: string[] = [];
    const nothing = async () => {
      left = await this.objects();
      return left.length === 0;
    };
    await waitFor(nothing, { describe: () => ['nothing of a build to be left', left] });
  }

  /** Objects of any kind with the label of a build. */
  private async objects(): Promise<string[]> {
    const { cluster } = this.world;
    const listable = ['api-resources', '--namespaced', '--verbs=list', '--output=name'];
    const kinds = (await cluster.kubectl(listable)).trim().split('\n').join(',');
    const args = [
      'get',
      kinds,
      '-n',
      namespace,
      '-l',
      'runboat/build',
      '--output=name',
      '--ignore-not-found',
    ];
    return (await cluster.kubectl(args)).split('\n').filter((line) => line !== '');
  }

  /** What there is to look at after a failure: pods with their last lines, and those of the operator and gateway. */
  async trouble(): Promise<string> {
    const { cluster } = this.world;
    const parts = [await cluster.kubectl(['get', 'runboatbuilds,pods', '-n', namespace, '-o', 'wide'])];
    const pods = await cluster.kubectl(['get', 'pods', '-n', namespace, '-o', 'name']);
    for (const pod of pods.split('\n').filter((line) => line !== '')) {
      const args = ['logs', pod, '-n', namespace, '--tail=20', '--all-containers', '--prefix'];
      parts.push(await cluster.kubectl(args).catch((error: Error) => error.message));
    }
    return [...parts, await this.runboat.logs()].join('\n');
  }

  /** The folders of volumes on the node. */
  volumes(): Promise<string[]> {
    return readdir(path.join(this.world.cluster.dir, 'volumes'));
  }

  private async call(address: string, options: RequestInit = {}): Promise<Response> {
    const answer = await fetch(`${this.runboat.url}/api/v1/builds${address}`, options);
    if (answer.ok) return answer;
    throw new Error(`${options.method ?? 'GET'} ${address}: ${answer.status} ${await answer.text()}`);
  }
}

async function readAll(answer: Response, followed: { text: string; isOver: boolean }): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of answer.body!)
      followed.text += decoder.decode(chunk as Uint8Array, { stream: true });
    followed.isOver = true;
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
