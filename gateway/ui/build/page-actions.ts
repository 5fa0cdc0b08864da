import { type ApiAnswer, buildPath, callApi } from '../api.js';
import type { Action, Session } from '../session/session.js';
import type { Build } from '../store/build-store.js';

/** What the buttons of a build do. */
export type Deed = 'start' | 'stop' | 'reset' | 'undeploy';

const ALLOWED_BY: Readonly<Record<Deed, Action>> = {
  start: 'start',
  stop: 'stop',
  reset: 'reset',
  undeploy: 'delete',
};

/** What cannot be taken back is asked about first. */
const NEEDS_CONFIRMATION: ReadonlySet<Deed> = new Set(['reset', 'undeploy']);
/** An accepted wish shows soon after. What shows nothing by then, milliseconds, changed nothing. */
const SHOWS_WITHIN_MS = 8_000;

/** What of a build tells that a wish was heard. */
function marks({ status, init_status, last_scaled, queued_at }: Build): string {
  return [status, init_status, last_scaled, queued_at].join();
}

/** What is being done to a build, and what went wrong. Nothing here is drawn. */
export class PageActions {
  /** Sent, and not yet to be seen. */
  pending: Deed | undefined;
  /** Waits for a second click. */
  confirming: Deed | undefined;
  /** Why the last did not work; '' when it did. */
  trouble = '';
  /** The build is to start as soon as it is initialised: it was asked for here, and the API does not tell. */
  startsLater = false;
  private before = '';
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  may(deed: Deed, session: Session): boolean {
    return session.may(ALLOWED_BY[deed]);
  }

  /** Does it, or asks first. */
  async want(deed: Deed, build: Build, session: Session): Promise<void> {
    if (this.pending !== undefined) return;
    if (NEEDS_CONFIRMATION.has(deed) && this.confirming !== deed) this.ask(deed);
    else await this.run(deed, build, session);
  }

  ask(deed: Deed | undefined): void {
    this.confirming = deed;
    this.trouble = '';
    this.changed();
  }

  /** Looks whether what was sent can be seen now. */
  see(build: Build): void {
    if (build.status !== 'initializing') this.startsLater = false;
    if (this.pending !== undefined && marks(build) !== this.before) this.settle();
  }

  private async run(deed: Deed, build: Build, session: Session): Promise<void> {
    this.confirming = undefined;
    this.trouble = '';
    this.pending = deed;
    this.before = marks(build);
    this.changed();
    const answer = await send(deed, build.name, session);
    if (!answer.ok) {
      this.trouble = answer.detail;
      this.settle();
    } else if (build.status === 'initializing' && deed !== 'undeploy') {
      // Remembered by the operator, with nothing to show for it yet.
      this.startsLater = deed === 'start';
      this.settle();
    } else if (this.pending !== undefined) {
      this.timer = setTimeout(() => this.settle(), SHOWS_WITHIN_MS);
    }
  }

  private settle(): void {
    clearTimeout(this.timer);
    this.pending = undefined;
    this.changed();
  }
}

function send(deed: Deed, name: string, { authorization }: Session): Promise<ApiAnswer<unknown>> {
  if (deed === 'undeploy') return callApi(buildPath(name), { method: 'DELETE', authorization });
  return callApi(buildPath(name, deed), { method: 'POST', authorization });
}
