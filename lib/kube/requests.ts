import type { Query } from './paths.js';
import type { KubeObject } from './types.js';

/** `Strict` refuses unknown and repeated fields, `Warn` drops them, as `Ignore` does. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** Milliseconds that one attempt of a request may take, unless it says otherwise. */
export const REQUEST_TIMEOUT_MS = 10_000;

export interface CallOptions {
  /** For one attempt, from asking for a connection to the last byte of the answer; default `REQUEST_TIMEOUT_MS`. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called right before the first byte goes to an open connection; when it throws, nothing is sent. */
  beforeSend?: (() => void) | undefined;
}

export interface WriteOptions extends CallOptions {
  fieldValidation?: FieldValidation | undefined;
  subresource?: string | undefined;
  /** The API server answers as it would, admission included, and stores nothing. */
  dryRun?: boolean | undefined;
}

export interface ApplyOptions extends WriteOptions {
  /** Take over fields that another manager owns. Without it such a field is answered with 409. */
  force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Preconditions: 409 when the object of that name is another one, or has changed. */
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  /** Always named: without it the pods of a Job are orphaned. */
  propagationPolicy: 'Foreground' | 'Background' | 'Orphan';
  gracePeriodSeconds?: number | undefined;
}

export interface DeleteAnswer {
  /** `missing`: there was none. `deleting`: it still exists, with a deletionTimestamp. */
  state: 'deleted' | 'deleting' | 'missing';
  object?: KubeObject;
}

export interface KubeRequest extends CallOptions {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Query | undefined;
  body?: unknown;
  /** Of the body; default `application/json`. */
  contentType?: string | undefined;
  accept?: string | undefined;
}

/** One attempt of a request, for metrics; `status` is 0 when there was no answer. */
export interface RequestInfo {
  method: string;
  resource: string;
  status: number;
  seconds: number;
}
