import { setTimeout as sleep } from 'node:timers/promises';
import type { RunboatBuild } from '../../crds/runboatbuild.generated.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { ApiError } from '../../lib/kube/errors.js';
import type { Job } from '../../lib/kube/types.js';
import { hasCondition } from '../support/oracle.js';

export type Propagation = 'Foreground' | 'Background' | 'Orphan';

/** So long users wait for a job that they do not want. */
const unwantedMs = 5_000;

/** What people do with the builds of a namespace, directly at the API server. */
export class Users {
  /** Builds made so far. */
  made = 0;
  /** Builds that shall be made again and are not yet. */
  pending = 0;
  private readonly path: string;
  private ended = false;

  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
  ) {
    this.path = `/apis/runboat.dev/v1alpha1/namespaces/${namespace}/runboatbuilds`;
  }

  async create(name: string, spec: Record<string, unknown>): Promise<void> {
    const commit = Buffer.from(`${name}${this.made}`.padEnd(20, '.')).toString('hex');
    const build = {
      apiVersion: 'runboat.dev/v1alpha1',
      kind: 'RunboatBuild',
      metadata: { name, namespace: this.namespace },
      spec: { repo: 'oca/chaos', targetBranch: '16.0', commit, ...spec },
    };
    await this.insist(() => this.client.create(this.path, build));
    this.made++;
  }

  /** Makes a build as soon as the former one of that name is gone, and asks for it again and again until then. */
  createWhenFree(name: string, spec: Record<string, unknown>): void {
    this.pending++;
    void this.keepCreating(name, spec);
  }

  async patch(name: string, spec: Record<string, unknown>): Promise<void> {
    await this.insist(() => this.client.mergePatch(`${this.path}/${name}`, { spec }));
  }

  async delete(name: string): Promise<void> {
    await this.insist(() => this.client.delete(`${this.path}/${name}`, { propagationPolicy: 'Background' }));
  }

  /** Deletes an initialise job that has not ended; one that is made within a few seconds if there is none. */
  async deleteInitJob(propagationPolicy: Propagation): Promise<void> {
    for (const until = Date.now() + unwantedMs; !this.ended && Date.now() < until; await sleep(50)) {
      // Users, too, are refused and get no answer.
      if (await this.tryToDeleteJob(propagationPolicy).catch(() => false)) return;
    }
  }

  async builds(): Promise<RunboatBuild[]> {
    return (await this.client.listAll<RunboatBuild>(this.path)).items;
  }

  /** The phase of each build that there is. */
  async phases(): Promise<Map<string, string | undefined>> {
    return new Map((await this.builds()).map(({ metadata, status }) => [metadata.name, status?.phase]));
  }

  /** Nothing is done any more; looking is possible. */
  end(): void {
    this.ended = true;
    this.pending = 0;
  }

  private async tryToDeleteJob(propagationPolicy: Propagation): Promise<boolean> {
    const path = `/apis/batch/v1/namespaces/${this.namespace}/jobs`;
    const labelSelector = 'runboat/job-kind=initialize';
    const { items } = await this.client.listAll<Job>(path, { labelSelector });
    const job = items.find(
      (item) => !item.metadata.deletionTimestamp && !hasCondition(item, /^(Complete|Failed)$/),
    );
    if (!job) return false;
    const { name, uid } = job.metadata;
    await this.client.delete(`${path}/${name}`, { uid, propagationPolicy });
    return true;
  }

  private async keepCreating(name: string, spec: Record<string, unknown>): Promise<void> {
    while (!this.ended) {
      try {
        await this.create(name, spec);
        this.pending--;
        return;
      } catch {
        await sleep(200);
      }
    }
  }

  /** Users try again while the API server is away. */
  private async insist(write: () => Promise<unknown>): Promise<void> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      if (this.ended) throw new Error('these users do nothing any more');
      try {
        await write();
        return;
      } catch (error) {
        const isAnswer = error instanceof ApiError && error.status < 500 && error.status !== 429;
        if (isAnswer || Date.now() > deadline) throw error;
        await sleep(200);
      }
    }
  }
}
