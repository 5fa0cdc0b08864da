import type { Status, StatusDetails } from './types.js';

export interface ApiErrorFields {
  method: string;
  path: string;
  status: number;
  reason: string;
  /** The API server's own sentence. */
  serverMessage: string;
  details?: StatusDetails | undefined;
  retryAfterSeconds?: number | undefined;
}

/** The API server (or something in front of it) answered with a refusal. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** PascalCase, as in `Status.reason`: `NotFound`, `Conflict`, `AlreadyExists`, `Forbidden`, `Invalid`, `Expired`, ... */
  readonly reason: string;
  /** The API server's sentence alone, without method and path. */
  readonly serverMessage: string;
  readonly details: StatusDetails | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(fields: ApiErrorFields) {
    super(
      `the API server refused ${fields.method} ${fields.path}: ${fields.serverMessage} (${fields.status} ${fields.reason})`,
    );
    this.status = fields.status;
    this.reason = fields.reason;
    this.serverMessage = fields.serverMessage;
    this.details = fields.details;
    this.retryAfterSeconds = fields.retryAfterSeconds;
  }
}

/** No usable answer: time ran out, the connection was refused or lost, or what came is not of an API server. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  /** Whether the request was handed to an open connection, so that a write may have happened. */
  readonly sent: boolean;

  constructor(what: { method: string; path: string; why: string; sent: boolean; cause?: unknown }) {
    const effect = what.sent ? 'it may or may not have been carried out' : 'it was never sent';
    super(`no answer from the API server to ${what.method} ${what.path}: ${what.why}; ${effect}`, {
      cause: what.cause,
    });
    this.sent = what.sent;
  }
}

export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 404 && !isWebhookRefusal(error);
}

/**
 * An admission webhook denied the request, with whatever code it chose, or could not be asked, which is a 500
 * (k8s.io/apiserver/pkg/admission/plugin/webhook). Both are answers: nothing was stored.
 */
export function isWebhookRefusal(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return /admission webhook "[^"]*" denied the request|failed calling webhook/.test(error.serverMessage);
}

/**
 * A precondition did not hold, or the name is taken. That is 409, but for a patch whose `metadata.uid` is another than
 * the object's, which is answered with 422 and the cause `metadata.uid` (measured with 1.34; a test pins it).
 */
export function isConflict(error: unknown): error is ApiError {
  if (!(error instanceof ApiError) || isWebhookRefusal(error)) return false;
  const isOtherUid =
    error.status === 422 && error.details?.causes?.some(({ field }) => field === 'metadata.uid');
  return error.status === 409 || isOtherUid === true;
}

/** 409 of a POST whose name is taken. (An apply with resourceVersion "1" gets a plain Conflict.) */
export function isAlreadyExists(error: unknown): error is ApiError {
  return error instanceof ApiError && error.reason === 'AlreadyExists';
}

/** 403 because a ResourceQuota is used up, or was not yet counted after it was made; not for a missing right. */
export function isOverQuota(error: unknown): boolean {
  return isForbidden(error) && /exceeded quota|status unknown for quota/.test(error.serverMessage);
}

export function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 403;
}

/** 410: the resourceVersion or the continue token is too old. */
export function isExpired(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 410;
}

/**
 * False only when it is certain that the request had no effect: it was never sent, or it was answered with a
 * refusal. Server errors (5xx) and 408 are not refusals: a write can time out in etcd and be stored all the same.
 */
export function mayHaveHappened(error: unknown): boolean {
  if (error instanceof NoAnswerError) return error.sent;
  if (!(error instanceof ApiError)) return true;
  return (error.status >= 500 || error.status === 408) && !isSchemaRefusal(error) && !isWebhookRefusal(error);
}

/**
 * Server-side apply answers 500 to a field that the schema of a built-in kind does not know
 * (k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go), though it is the author's mistake.
 */
export function isSchemaRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && /failed to create typed patch object/.test(error.serverMessage);
}

/** Builds the error of an answer that is not 2xx; the body may be a `Status`, or a page of a proxy. */
export function errorOfAnswer(
  request: { method: string; path: string },
  answer: { status: number; retryAfter: string | undefined; body: string },
): ApiError {
  const status = parseStatus(answer.body);
  const details = status?.details;
  const retryAfterSeconds = parseRetryAfter(answer.retryAfter) ?? details?.retryAfterSeconds;
  const plain = answer.body.replace(/\s+/g, ' ').trim().slice(0, 200);
  return new ApiError({
    method: request.method,
    path: request.path,
    status: answer.status,
    reason: status?.reason || (REASONS[answer.status] ?? 'Unknown'),
    serverMessage: status?.message || plain || 'no explanation was given',
    details,
    retryAfterSeconds,
  });
}

/** Builds the error of a `Status` that came inside a watch. */
export function errorOfStatus(request: { method: string; path: string }, status: Status): ApiError {
  const code = status.code ?? 500;
  return errorOfAnswer(request, { status: code, retryAfter: undefined, body: JSON.stringify(status) });
}

const REASONS: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const isStatus = typeof parsed === 'object' && parsed !== null && (parsed as Status).kind === 'Status';
    return isStatus ? (parsed as Status) : undefined;
  } catch {
    // Not JSON: a proxy's page or a plain sentence, which the caller shows as it is.
    return undefined;
  }
}

/** Only the form in seconds: the API server sends no dates. */
function parseRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
