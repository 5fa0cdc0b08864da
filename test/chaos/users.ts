import { setTimeout as sleep } from 'node:timers/promises';
import type { RunboatBuild } from '../../crds/runboatbuild.generated.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { ApiError } from '../../lib/kube/errors.js';

/** What people do with the builds of a namespace, directly at the API server. */
export class Users {
  /** Builds made so far. */
  made = 0;
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
    await insist(() => this.client.create(this.path, build));
    this.made++;
  }

  /** Makes a build as soon as the former one of that name is gone. */
  async createWhenFree(name: string, spec: Record<string, unknown>): Promise<void> {
    while (!this.ended) {
      try {
        return await this.create(name, spec);
      } catch {
        await sleep(200);
      }
    }
  }

  async patch(name: string, spec: Record<string, unknown>): Promise<void> {
    await insist(() => this.client.mergePatch(`${this.path}/${name}`, { spec }));
  }

  async delete(name: string): Promise<void> {
    await insist(() => this.client.delete(`${this.path}/${name}`, { propagationPolicy: 'Background' }));
  }

  /** The phase of each build that there is. */
  async phases(): Promise<Map<string, string | undefined>> {
    const { items } = await this.client.listAll<RunboatBuild>(this.path);
    return new Map(items.map(({ metadata, status }) => [metadata.name, status?.phase]));
  }

  end(): void {
    this.ended = true;
  }
}

/** Users try again while the API server is away. */
async function insist(write: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
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
