import { buildPath, callApi } from '../api.js';
import type { Session } from '../session/session.js';
import type { Watchable } from './watching.js';

export type BuildAction = 'start' | 'stop' | 'reset';

/** What became of the last thing that was asked of a build. */
export type ActionState =
  /** Waits for the reader to confirm it. */
  | { readonly action: BuildAction; readonly phase: 'unsure' }
  | { readonly action: BuildAction; readonly phase: 'asked' }
  | { readonly action: BuildAction; readonly phase: 'failed'; readonly detail: string };

/** For a second click, milliseconds. */
const CONFIRM_MS = 5_000;
/** How long a button says what was asked for when no change of the build comes, milliseconds. */
const PATIENCE_MS = 10_000;

/** Asks things of builds, and knows what is under way and what went wrong. */
export class ActionRunner implements Watchable {
  private readonly session: Session;
  private readonly states = new Map<string, ActionState>();
  private readonly handlers = new Set<() => void>();

  constructor(session: Session) {
    this.session = session;
  }

  /** Of the build of this name; undefined: nothing was asked, or it is done. */
  of(name: string): ActionState | undefined {
    return this.states.get(name);
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /** Asks once, however often it is called meanwhile. What was entered in a build is lost by a reset: it takes two. */
  async run(name: string, action: BuildAction): Promise<void> {
    const last = this.of(name);
    if (last?.phase === 'asked') return;
    if (action === 'reset' && last?.phase !== 'unsure') {
      this.settleLater(name, { action, phase: 'unsure' }, CONFIRM_MS);
      return;
    }
    const asked: ActionState = { action, phase: 'asked' };
    this.set(name, asked);
    const { authorization } = this.session;
    const answer = await callApi(buildPath(name, action), { method: 'POST', authorization });
    if (!answer.ok) this.set(name, { action, phase: 'failed', detail: answer.detail });
    else this.settleLater(name, asked, PATIENCE_MS);
  }

  /** The build has changed, or the reader has read what went wrong. */
  settle(name: string): void {
    if (this.states.delete(name)) this.tell();
  }

  private settleLater(name: string, state: ActionState, ms: number): void {
    this.set(name, state);
    setTimeout(() => this.of(name) === state && this.settle(name), ms);
  }

  private set(name: string, state: ActionState): void {
    this.states.set(name, state);
    this.tell();
  }

  private tell(): void {
    for (const handler of this.handlers) handler();
  }
}
