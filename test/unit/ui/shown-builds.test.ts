import { beforeEach, describe, expect, it } from '@jest/globals';
import { ShownBuilds } from '../../../gateway/ui/builds/shown-builds.js';
import type { Build, BuildEvent, BuildStore } from '../../../gateway/ui/store/build-store.js';

/** A store that changes as a test says. */
class HandStore {
  readonly builds = new Map<string, Build>();
  readonly synced = true;
  private handler: ((event: BuildEvent) => void) | undefined;

  onEvent(handler: (event: BuildEvent) => void): () => void {
    this.handler = handler;
    return () => undefined;
  }

  put(name: string, status: Build['status']): void {
    const build = { name, status } as Build;
    this.handler?.({ type: 'upd', build });
    this.builds.set(name, build);
  }

  remove(name: string): void {
    this.handler?.({ type: 'del', build: this.builds.get(name)! });
    this.builds.delete(name);
  }
}

const all = () => true;
const stopped = ({ status }: Build) => status === 'stopped';

let store: HandStore;
let shown: ShownBuilds;
/** What a list shows now, and how many of it match. */
const seen = (matches: (build: Build) => boolean) => {
  const { builds, matching } = shown.select(matches);
  return [builds.map(({ name, status }) => `${name} ${status}`).sort(), matching];
};

beforeEach(() => {
  store = new HandStore();
  shown = new ShownBuilds(store as unknown as BuildStore);
  store.put('a', 'stopped');
  store.put('b', 'stopped');
});

describe('The builds that a list shows', () => {
  it('are those that match', () => {
    store.put('b', 'started');
    expect(seen(stopped)).toEqual([['a stopped'], 1]);
  });

  it('stay while the list is held, though they are gone or match no more, and are not counted', () => {
    shown.hold(true);
    seen(stopped);
    store.put('a', 'started');
    store.remove('b');
    expect(seen(stopped)).toEqual([['a started', 'b undeploying'], 0]);
    shown.hold(false);
    expect(seen(stopped)).toEqual([[], 0]);
  });

  it('are those that match as soon as something else is asked for, held or not, and stay from then on', () => {
    shown.hold(true);
    seen(all);
    store.put('a', 'started');
    store.remove('b');
    shown.letGo();
    expect(seen(stopped)).toEqual([[], 0]);
    shown.letGo();
    expect(seen(all)).toEqual([['a started'], 1]);
    store.remove('a');
    expect(seen(all)).toEqual([['a undeploying'], 0]);
  });
});
