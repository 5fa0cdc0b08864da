/** What a caller may do, as `/api/v1/session` names it. */
export type Action = 'start' | 'stop' | 'reset' | 'create' | 'delete' | 'trigger';

/** Who uses the page, and what they may do. */
export interface Session {
  /** null: nobody in particular. */
  readonly user: string | null;
  /** The value of the header `Authorization` that calls carry; undefined: none. */
  readonly authorization: string | undefined;
  may(action: Action): boolean;
  /** Called when any of it has changed. The answer takes the handler away. */
  onChange(handler: () => void): () => void;
}
