/**
 * Why GitHub did not do what was asked.
 *
 * notFound: there is no such thing, or the credentials may not see it (GitHub answers 404 to both).
 * refused: the request itself is wrong (422 and the like); the same request is refused again.
 * forbidden: the credentials lack a right. unauthorized: the credentials are wrong.
 * rateLimited: too many requests; `retryAt` says when the next one may come.
 * unavailable: GitHub has trouble, or what answered is not GitHub. timedOut: no answer within the time limit.
 */
export type GitHubErrorKind =
  | 'notFound'
  | 'refused'
  | 'forbidden'
  | 'unauthorized'
  | 'rateLimited'
  | 'unavailable'
  | 'timedOut';

export interface GitHubErrorFields {
  readonly kind: GitHubErrorKind;
  /** What was to be done, for example `read branch 16.0 of oca/web`. */
  readonly task: string;
  /** Why it was not done. */
  readonly why: string;
  /** The HTTP status, when there was an answer. */
  readonly status?: number | undefined;
  /** Milliseconds since the epoch: GitHub asks for silence until then. */
  readonly retryAt?: number | undefined;
}

const ADVICE: Readonly<Record<GitHubErrorKind, string>> = {
  notFound: 'Check the name, and that the GitHub credentials may see the repository.',
  refused: 'The same request will be refused again.',
  forbidden: 'Give the GitHub token or App the right that is missing.',
  unauthorized: 'Check `github.token` or `github.app`.',
  rateLimited: 'Wait, or use credentials with a higher limit.',
  unavailable: 'Try again later.',
  timedOut: 'Try again later.',
};

/** GitHub did not do what was asked. The message is a sentence for people and holds no secret. */
export class GitHubError extends Error {
  override readonly name = 'GitHubError';
  readonly kind: GitHubErrorKind;
  readonly status: number | undefined;
  readonly retryAt: number | undefined;

  /** Whether GitHub may have done what was asked all the same: it gave no answer, or one of a server in trouble. */
  get mayHaveHappened(): boolean {
    return this.kind === 'unavailable' || this.kind === 'timedOut';
  }

  constructor(fields: GitHubErrorFields) {
    super(`Could not ${fields.task}: ${fields.why}. ${ADVICE[fields.kind]}`);
    this.kind = fields.kind;
    this.status = fields.status;
    this.retryAt = fields.retryAt;
  }
}
