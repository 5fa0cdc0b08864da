import { ApiError, isForbidden, isOverQuota, NoAnswerError } from '../../lib/kube/errors.js';
import { HttpError, unavailable } from '../http/http-error.js';

/**
 * The answer to the caller when the cluster did not do what it was asked; `what` completes "could not". Other errors
 * are none of the cluster's and stay what they are.
 */
export function refusalOf(error: unknown, what: string): unknown {
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
  const isOfCluster = isTimeout || error instanceof NoAnswerError || error instanceof ApiError;
  if (!isOfCluster) return error;
  if (!(error instanceof ApiError) || error.status >= 500 || error.status === 429) {
    const detail = `The cluster does not answer as it should, so the gateway could not ${what}. Try again later.`;
    return unavailable(detail, 5, error);
  }
  if (error.status === 400 || error.status === 422) {
    return new HttpError(400, `The cluster refused to ${what}: ${asSentence(error)}`, { cause: error });
  }
  if (isOverQuota(error)) {
    const detail = `A quota of the cluster leaves no room to ${what}: ${asSentence(error)}`;
    return unavailable(detail, 30, error);
  }
  const right = missingRight(error);
  if (right !== undefined) {
    const detail = `The gateway may not "${right}" in its namespace, so it could not ${what}. The administrator has to give it the rights of docs/rbac/gateway-role.yaml.`;
    return unavailable(detail, 30, error);
  }
  const detail = `The cluster refused to ${what} (${error.reason}). The log of the gateway has the reason.`;
  return unavailable(detail, 30, error);
}

function asSentence({ serverMessage }: ApiError): string {
  return /[.!?]$/.test(serverMessage) ? serverMessage : `${serverMessage}.`;
}

/** Verb and resource, such as `get pods/log`, of a request that no role of this account allows. */
export function missingRight(error: unknown): string | undefined {
  if (!isForbidden(error)) return undefined;
  const [, verb, resource, group] =
    /cannot (\w+) resource "([\w./-]+)" in API group "([\w.-]*)"/.exec(error.serverMessage) ?? [];
  if (verb === undefined) return undefined;
  return `${verb} ${resource}${group ? `.${group}` : ''}`;
}
