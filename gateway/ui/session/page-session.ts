import { type ApiAnswer, callApi } from '../api.js';
import type { Memory } from '../parts/memory.js';
import type { Action, Session } from './session.js';

interface Answer {
  readonly user: string | null;
  readonly actions: readonly Action[];
}

/** Of the memory of the tab, which ends with it. */
const KEY = 'runboat.authorization';

const RETRY_MS = 1_000;

/**
 * The session of this page, kept for the pages that follow in the same tab. Until the gateway has said what is
 * allowed, nothing is.
 */
export class PageSession implements Session {
  user: string | null = null;
  authorization: string | undefined;
  private actions: readonly Action[] = [];
  /** The gateway has answered. */
  private isKnown = false;
  private readonly memory: Memory;
  private readonly retryMs: number;
  private readonly handlers = new Set<() => void>();

  /** `retryMs`: milliseconds before the gateway is asked again; doubled, up to twenty times as long. */
  constructor(memory: Memory, retryMs = RETRY_MS) {
    this.memory = memory;
    this.retryMs = retryMs;
  }

  may(action: Action): boolean {
    return this.actions.includes(action);
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /**
   * Goes on with what was signed in to; what is not accepted any more is forgotten. A gateway that does not answer is
   * asked again until it does.
   */
  async resume(): Promise<void> {
    for (let wait = this.retryMs; !this.isKnown; wait = Math.min(wait * 2, this.retryMs * 20)) {
      const kept = this.memory.getItem(KEY) ?? undefined;
      const answer = await this.load(kept);
      if (answer.ok) return;
      if (kept !== undefined && answer.status === 401) this.memory.removeItem(KEY);
      else await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** A refusal changes nothing. */
  async signIn(user: string, password: string): Promise<ApiAnswer<unknown>> {
    const authorization = basicAuthorization(user, password);
    const answer = await this.load(authorization);
    if (answer.ok) this.memory.setItem(KEY, authorization);
    return answer;
  }

  async signOut(): Promise<void> {
    this.memory.removeItem(KEY);
    this.authorization = undefined;
    this.user = null;
    this.actions = [];
    this.isKnown = false;
    this.tell();
    const answer = await this.load();
    if (!answer.ok) void this.resume();
  }

  /** Asks what the owner of credentials may do; without any, what everybody may do. An error leaves all as it was. */
  private async load(authorization?: string): Promise<ApiAnswer<Answer>> {
    const answer = await callApi<Answer>('/session', { authorization });
    if (answer.ok) {
      this.authorization = authorization;
      this.user = answer.value.user;
      this.actions = answer.value.actions;
      this.isKnown = true;
      this.tell();
    }
    return answer;
  }

  private tell(): void {
    for (const handler of this.handlers) handler();
  }
}

/** RFC 7617, in UTF-8. */
function basicAuthorization(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
}
