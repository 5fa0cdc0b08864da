/** The right to run one initialisation of a build, given before its job is created. */
export interface Grant {
  readonly uid: string;
  readonly attempt: number;
}

/**
 * Where grants are kept. A grant counts from before the job is created until the job was seen or the API
 * server has answered with a refusal; `add` resolves once it is as durable as the store makes it.
 */
export interface GrantStore {
  get(uid: string): Grant | undefined;
  all(): Iterable<Grant>;
  /** All or none; throws when they could not be stored, and then none counts. */
  add(grants: readonly Grant[]): Promise<void>;
  drop(uid: string): void;
}
