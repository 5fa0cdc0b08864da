/** What ends a request otherwise than well: one middleware answers it as `{"detail": ...}`. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** A sentence for the caller: what happened, why, what to do. */
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, options: HttpErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.detail = detail;
    this.headers = options.headers ?? {};
  }
}

export interface HttpErrorOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log, never for the caller. */
  readonly cause?: unknown;
}

/** No rule of the configuration matches: such a build is not made. */
export class NoRule extends HttpError {
  /** `more`: further sentences, each with a space before it. */
  constructor(repo: string, branch: string, more = '') {
    super(
      400,
      `No rule of the configuration matches the repository ${repo} and the branch ${branch}, so nothing is built. Add a rule to "repos".${more}`,
    );
  }
}

export function noSuchBuild(name: string): HttpError {
  return new HttpError(404, `There is no build called ${name}. GET /api/v1/builds lists all.`);
}

/** 503 with the time after which another try is worth while, seconds. */
export function unavailable(detail: string, retryAfterSeconds: number, cause?: unknown): HttpError {
  return new HttpError(503, detail, { headers: { 'Retry-After': String(retryAfterSeconds) }, cause });
}
