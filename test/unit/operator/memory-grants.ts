import type { Grant, GrantStore } from '../../../operator/grants.js';

/** Grants that only this process remembers. */
export class MemoryGrants implements GrantStore {
  private readonly grants = new Map<string, Grant>();

  get(uid: string): Grant | undefined {
    return this.grants.get(uid);
  }

  all(): Iterable<Grant> {
    return this.grants.values();
  }

  async add(grants: readonly Grant[]): Promise<void> {
    for (const grant of grants) this.grants.set(grant.uid, grant);
  }

  drop(uid: string): void {
    this.grants.delete(uid);
  }
}
