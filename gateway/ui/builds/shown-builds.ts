import type { Build, BuildEvent, BuildStore } from '../store/build-store.js';

/** How long what has just come stands out, milliseconds. */
const FRESH_MS = 2500;

/**
 * Which builds of a store a list shows. While it is held, because the pointer is over it, none leaves it by a change of
 * the store: what moves up in its place would be under the pointer when it is pressed.
 */
export class ShownBuilds {
  private readonly store: BuildStore;
  private readonly stop: () => void;
  private readonly came = new Map<string, number>();
  private readonly gone = new Map<string, Build>();
  private readonly held = new Set<string>();
  private isHeld = false;

  constructor(store: BuildStore) {
    this.store = store;
    this.stop = store.onEvent((event) => this.take(event));
  }

  close(): void {
    this.stop();
  }

  /** From the next `select` on. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.letGo();
  }

  /** Forgets what left meanwhile, because the reader asks for something else. */
  letGo(): void {
    this.held.clear();
    this.gone.clear();
  }

  /** The builds that match or are held, and how many of them match. */
  select(matches: (build: Build) => boolean): { builds: Build[]; matching: number } {
    const builds: Build[] = [];
    let matching = 0;
    for (const build of this.store.builds.values()) {
      const isMatch = matches(build);
      if (isMatch) matching++;
      else if (!this.held.has(build.name)) continue;
      builds.push(build);
      if (this.isHeld) this.held.add(build.name);
    }
    builds.push(...this.gone.values());
    return { builds, matching };
  }

  /** Names of those that came a moment ago. */
  fresh(now: number): Set<string> {
    for (const [name, at] of this.came) if (now - at > FRESH_MS) this.came.delete(name);
    return new Set(this.came.keys());
  }

  private take({ type, build }: BuildEvent): void {
    if (type === 'upd') {
      this.gone.delete(build.name);
      if (this.store.synced && !this.store.builds.has(build.name)) this.came.set(build.name, Date.now());
    } else if (this.isHeld && this.held.has(build.name)) {
      this.gone.set(build.name, { ...build, status: 'undeploying' });
    }
  }
}
