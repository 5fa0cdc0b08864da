import type { KubeClient } from '../../../../lib/kube/client.js';
import { ApiError, NoAnswerError } from '../../../../lib/kube/errors.js';
import type { KubeObject } from '../../../../lib/kube/types.js';
import type { Grant, GrantStore } from '../../../../operator/grants.js';
import type { World } from './world.js';

const path = '/apis/coordination.k8s.io/v1/namespaces/builds/leases/operator';
const key = 'leases/operator';

/**
 * Grants in an object of the world, each write of which names the version that it replaces. That is all of the
 * election that matters here, where no two operators live at the same time but one's late writes can meet the other.
 */
export class LeaseGrants implements GrantStore {
  private readonly grants = new Map<string, Grant>();
  private version = '';
  private stored = '';
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: KubeClient,
    world: World,
  ) {
    const lease = world.get(key) ?? world.create('leases', { metadata: { name: 'operator' } } as KubeObject);
    for (const grant of (lease['grants'] as Grant[] | undefined) ?? []) this.grants.set(grant.uid, grant);
    // The takeover: whatever the predecessor has sent names an older version from now on.
    world.update(key, (object) => ({ ...object, term: Number(object['term'] ?? 0) + 1 }));
    this.version = world.get(key)?.metadata.resourceVersion ?? '';
  }

  get(uid: string): Grant | undefined {
    return this.grants.get(uid);
  }

  all(): Iterable<Grant> {
    return this.grants.values();
  }

  async add(grants: readonly Grant[]): Promise<void> {
    for (const grant of grants) this.grants.set(grant.uid, grant);
    await this.store();
  }

  drop(uid: string): void {
    this.grants.delete(uid);
  }

  /** What was dropped leaves with the next renewal; an unchanged Lease is not written in the model. */
  renew(): void {
    if (JSON.stringify([...this.grants.values()]) !== this.stored) void this.store();
  }

  private store(): Promise<void> {
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    for (;;) {
      const grants = [...this.grants.values()];
      try {
        const lease = await this.client.mergePatch<KubeObject>(path, {
          metadata: { resourceVersion: this.version },
          grants,
        });
        this.version = lease.metadata.resourceVersion;
        this.stored = JSON.stringify(grants);
        return;
      } catch (error) {
        if (!(error instanceof ApiError) && !(error instanceof NoAnswerError)) throw error;
        await this.catchUp();
      }
    }
  }

  private async catchUp(): Promise<void> {
    try {
      this.version = (await this.client.get<KubeObject>(path)).metadata.resourceVersion;
    } catch {
      // The next write is refused and looks again.
    }
  }
}
