import { type ApiAnswer, callApi } from '../api.js';
import type { Action, Session } from './session.js';

interface Answer {
  readonly user: string | null;
  readonly actions: readonly Action[];
}

/** The session of this page. Until the gateway has said what is allowed, nothing is. */
export class PageSession implements Session {
  user: string | null = null;
  authorization: string | undefined;
  private actions: readonly Action[] = [];
  private readonly handlers = new Set<() => void>();

  may(action: Action): boolean {
    return this.actions.includes(action);
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /** Asks who the given credentials are, without any: what everybody may do. An error leaves all as it was. */
  async load(authorization?: string): Promise<ApiAnswer<Answer>> {
    const answer = await callApi<Answer>('/session', authorization === undefined ? {} : { authorization });
    if (answer.ok) {
      this.authorization = authorization;
      this.user = answer.value.user;
      this.actions = answer.value.actions;
      for (const handler of this.handlers) handler();
    }
    return answer;
  }
}
