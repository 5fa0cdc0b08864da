import { type ApiAnswer, buildPath, callApi } from '../api.js';
import type { Action, Session } from '../session/session.js';
import type { Build, BuildEvent } from '../store/build-store.js';
import type { Watchable } from './watching.js';

/** What the buttons of a build ask for. */
export type BuildAction = 'start' | 'stop' | 'reset' | 'undeploy';

/** What became of the last thing that was asked of a build. */
export type ActionState =
  /** Waits for the reader to confirm it. */
  | { readonly action: BuildAction; readonly phase: 'unsure' }
  /** Sent, and not yet to be seen. `before`: the build that it was to change. */
  | { readonly action: BuildAction; readonly phase: 'asked'; readonly before: Build }
  | { readonly action: BuildAction; readonly phase: 'failed'; readonly detail: string };

const ALLOWED_BY: Readonly<Record<BuildAction, Action>> = {
  start: 'start',
  stop: 'stop',
  reset: 'reset',
  undeploy: 'delete',
};

/** What cannot be taken back, because what was entered in the build is lost. */
const NEEDS_CONFIRMATION: ReadonlySet<BuildAction> = new Set(['reset', 'undeploy']);
/** An accepted wish shows soon after. What shows nothing by then, milliseconds, changed nothing. */
const SHOWS_WITHIN_MS = 10_000;

/**
 * Whether buttons offer an action: not where it would change nothing. A build that is being started can be stopped too,
 * since that may take long or never come to an end, and so can one that waits for a free place to be started.
 */
export function isOffered(
  action: BuildAction,
  { status, start_requested }: Pick<Build, 'status' | 'start_requested'>,
): boolean {
  if (action === 'start') return status === 'stopped' && !start_requested;
  if (action === 'stop')
    return status === 'started' || status === 'starting' || (status === 'stopped' && start_requested);
  return status !== 'undeploying';
}

/** Whether all that becomes of an action for now is that the build remembers it. */
export function isNoted(action: BuildAction, { status }: Pick<Build, 'status'>): boolean {
  if (action === 'start') return status === 'initializing';
  return action === 'stop' && (status === 'initializing' || status === 'stopped');
}

/** Asks things of builds, and knows what waits to be confirmed, what is under way and what went wrong. */
export class BuildActions implements Watchable {
  private readonly session: Session;
  private readonly confirmMs: number;
  private readonly states = new Map<string, ActionState>();
  private readonly handlers = new Set<() => void>();

  /** `confirmMs`: how long a question waits for its answer, milliseconds; by default as long as it takes. */
  constructor(session: Session, confirmMs = Number.POSITIVE_INFINITY) {
    this.session = session;
    this.confirmMs = confirmMs;
  }

  may(action: BuildAction): boolean {
    return this.session.may(ALLOWED_BY[action]);
  }

  /** Of the build of this name; undefined: nothing was asked, or it is done. */
  of(name: string): ActionState | undefined {
    return this.states.get(name);
  }

  /** The build to offer actions of: as it was while one is under way, so that nothing else comes below the pointer. */
  offeredOf(build: Build): Build {
    const state = this.of(build.name);
    return state?.phase === 'asked' ? state.before : build;
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /** Asks once, however often it is called meanwhile; what cannot be taken back takes two calls. */
  async run(build: Build, action: BuildAction): Promise<void> {
    const { name } = build;
    const last = this.of(name);
    if (last?.phase === 'asked') return;
    if (NEEDS_CONFIRMATION.has(action) && !(last?.phase === 'unsure' && last.action === action)) {
      this.set(name, { action, phase: 'unsure' }, this.confirmMs);
      return;
    }
    const asked: ActionState = { action, phase: 'asked', before: build };
    this.set(name, asked);
    const answer = await send(action, name, this.session);
    if (!answer.ok) this.set(name, { action, phase: 'failed', detail: answer.detail });
    else if (this.of(name) === asked) this.set(name, asked, SHOWS_WITHIN_MS);
  }

  /** Nothing more is to be said: the reader has decided against it, or read what went wrong. */
  settle(name: string): void {
    if (this.states.delete(name)) this.tell();
  }

  /** Looks whether what was sent can be seen now. */
  take({ type, build }: BuildEvent): void {
    const { name } = build;
    const state = this.of(name);
    const isSeen = state?.phase === 'asked' && isHeard(state.action, state.before, build);
    if (isSeen || type === 'del' || build.status === 'undeploying') this.settle(name);
  }

  /** `ms`: for so long only, milliseconds. */
  private set(name: string, state: ActionState, ms = Number.POSITIVE_INFINITY): void {
    this.states.set(name, state);
    if (ms !== Number.POSITIVE_INFINITY) {
      setTimeout(() => this.of(name) === state && this.settle(name), ms);
    }
    this.tell();
  }

  private tell(): void {
    for (const handler of this.handlers) handler();
  }
}

/** Whether a build tells that a wish was heard. */
function isHeard(action: BuildAction, before: Build, now: Build): boolean {
  if (marks(now) !== marks(before)) return true;
  if (now.start_requested === before.start_requested) return false;
  // A start shows by the state soon after, or it is told what keeps the build from it.
  return isNoted(action, before) || (action === 'start' && now.message !== before.message);
}

/** What of a build changes with what becomes of it. */
function marks({ status, init_status, last_scaled, queued_at }: Build): string {
  return [status, init_status, last_scaled, queued_at].join();
}

function send(action: BuildAction, name: string, { authorization }: Session): Promise<ApiAnswer<unknown>> {
  if (action === 'undeploy') return callApi(buildPath(name), { method: 'DELETE', authorization });
  return callApi(buildPath(name, action), { method: 'POST', authorization });
}
