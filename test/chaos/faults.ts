/** One request of an operator, as the proxy sees it. */
export interface SeenRequest {
  /** The process that sent it. */
  readonly agent: string;
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly kind: 'write' | 'list' | 'watch' | 'read';
  /** What is counted, and the number of this one, from 1. Renewals of the Lease are counted apart. */
  readonly on: 'write' | 'read' | 'lease';
  readonly number: number;
}

/** What happens to a request instead of being passed on as it is. */
export type RequestFault =
  /** The connection ends before the API server has seen it. */
  | { readonly type: 'drop'; readonly run?: () => void }
  /** The API server carries it out, and the answer is lost. */
  | { readonly type: 'lose-answer'; readonly run?: () => void }
  /** Answered without asking the API server. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly reason: string;
      readonly retryAfter?: number;
    }
  /** Passed on and never answered. */
  | { readonly type: 'hang' }
  /** Passed on later, even if its sender is gone by then. */
  | { readonly type: 'delay'; readonly milliseconds: number; readonly run?: () => void }
  /** A list is answered with the oldest answer that the same list ever got. */
  | { readonly type: 'older-list' };

/** What happens to one event of a watch. */
export type EventFault =
  | { readonly type: 'lose' }
  | { readonly type: 'repeat' }
  | { readonly type: 'delay'; readonly milliseconds: number }
  /** The watch ends with the event, or with 410. */
  | { readonly type: 'cut' }
  | { readonly type: 'expire' }
  /** Nothing more comes, but the connection stays open. */
  | { readonly type: 'silence' };

export interface SeenEvent {
  readonly resource: string;
  /** Counted from 1 over all watches; bookmarks do not count. */
  readonly number: number;
}

export interface Faults {
  request?: (seen: SeenRequest) => RequestFault | undefined;
  event?: (seen: SeenEvent) => EventFault | undefined;
}
