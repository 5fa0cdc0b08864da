import { isNewer } from '../../lib/kube/resource-version.js';
import { type BuildFilter, filterKey } from '../builds/build-filter.js';
import type { BuildFeed } from './build-feed.js';
import { type FeedChange, type Shown, tellOf } from './feed-change.js';
import { buildFrame, commentFrame, INCOMPLETE, signalFrame } from './frames.js';

/** What a stream begins with. */
export interface Beginning {
  /** Pieces to write one after the other. */
  readonly pieces: Iterable<string>;
  /** The client has all up to this resourceVersion already, which the feed has not reached. */
  readonly hasUpTo: string | undefined;
}

/** Builds in a piece: what a slow reader makes us hold. */
const PIECE = 25;
/** States of so many builds are kept, as texts, for the next listener; larger ones would take too much memory. */
const MAX_KEPT_BUILDS = 500;
const MAX_KEPT_STATES = 16;

/** Makes what streams begin with: the whole state, or what happened since a resourceVersion. */
export class Beginnings {
  private readonly feed: BuildFeed;
  private readonly kept = new Map<string, string[]>();
  private keptAt = -1;

  constructor(feed: BuildFeed) {
    this.feed = feed;
  }

  /** The state of this moment, `isAnew` with the word that what the client had is void. */
  state(filter: BuildFilter, isAnew: boolean): Beginning {
    const { position = INCOMPLETE } = this.feed;
    const head = isAnew ? signalFrame('reset', {}, INCOMPLETE) : commentFrame();
    const pieces = chain([head], this.builds(filter), [signalFrame('synced', {}, position)]);
    return { pieces, hasUpTo: undefined };
  }

  /** What happened since a message with this id; undefined when that is not known any more. */
  resumed(id: string, filter: BuildFilter): Beginning | undefined {
    const changes = this.feed.since(id);
    if (changes === undefined) return undefined;
    const { reached = id } = this.feed;
    const isAhead = isNewer(id, reached);
    const end = signalFrame('synced', {}, isAhead ? id : reached);
    const pieces = chain([commentFrame()], this.replay(changes, filter), [end]);
    return { pieces, hasUpTo: isAhead ? id : undefined };
  }

  private *replay(changes: readonly FeedChange[], filter: BuildFilter): Iterable<string> {
    for (const change of changes) {
      const event = tellOf(change, filter);
      const last = (change.new ?? change.old)!;
      if (event !== undefined) yield buildFrame(event, this.feed.tell(last), change.version);
    }
  }

  /** The snapshot is taken now; the texts of many builds are made only when they are asked for. */
  private builds(filter: BuildFilter): Iterable<string> {
    if (this.keptAt !== this.feed.sequence) this.kept.clear();
    this.keptAt = this.feed.sequence;
    const key = filterKey(filter);
    const kept = this.kept.get(key);
    if (kept !== undefined) return kept;
    const snapshot = this.feed.snapshot(filter);
    const pieces = this.pieces(snapshot, this.feed.position);
    if (snapshot.length > MAX_KEPT_BUILDS || this.kept.size >= MAX_KEPT_STATES) return pieces;
    const made = [...pieces];
    this.kept.set(key, made);
    return made;
  }

  /**
   * The ids see to it that a client that was cut off half way begins anew: they are of use from the last build on,
   * when all are there.
   */
  private *pieces(snapshot: readonly Shown[], position: string | undefined): Iterable<string> {
    for (let begin = 0; begin < snapshot.length; begin += PIECE) {
      const frames = snapshot.slice(begin, begin + PIECE).map((shown, offset) => {
        const index = begin + offset;
        const id = index === snapshot.length - 1 ? position : index === 0 ? INCOMPLETE : undefined;
        return buildFrame('upd', this.feed.tell(shown), id);
      });
      yield frames.join('');
    }
  }
}

function* chain(...parts: Iterable<string>[]): Iterable<string> {
  for (const part of parts) yield* part;
}
