import { HttpError } from '../http/http-error.js';

export type Payload = Readonly<Record<string, unknown>>;

/**
 * The payload of a delivery: a JSON object, alone or as `payload=` of a form. The body itself says which one it is,
 * because the Content-Type need not be true. @throws HttpError 400.
 */
export function parsePayload(body: Buffer): Payload {
  const text = body.toString('utf8').trim();
  const json = text.startsWith('{') ? text : payloadOfForm(text);
  const payload = json === undefined ? undefined : parseJson(json);
  if (isObject(payload)) return payload;
  throw new HttpError(
    400,
    'The body is not what GitHub sends: a JSON object, or a form with one in "payload".',
  );
}

/** Only this field is decoded: a form of some megabytes can have millions of others. */
function payloadOfForm(text: string): string | undefined {
  const field = 'payload=';
  const at = text.startsWith(field) ? 0 : text.indexOf(`&${field}`) + 1;
  if (at === 0 && !text.startsWith(field)) return undefined;
  const begin = at + field.length;
  const end = text.indexOf('&', begin);
  const value = text.slice(begin, end < 0 ? undefined : end);
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    throw new HttpError(400, 'The body is a form that cannot be decoded: it has a % without two digits.');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 100) : '';
    throw new HttpError(400, `The body cannot be read as JSON: ${why}.`);
  }
}

/** The text at a path such as `repository.full_name`. @throws HttpError 400 when there is none. */
export function textAt(payload: Payload, path: string): string {
  const value = valueAt(payload, path);
  if (typeof value === 'string' && value !== '') return value;
  throw new HttpError(400, `The payload has no text at "${path}".`);
}

/** @throws HttpError 400 when there is no whole number from 1 on. */
export function numberAt(payload: Payload, path: string): number {
  const value = valueAt(payload, path);
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw new HttpError(400, `The payload has no number at "${path}".`);
}

/** A full hash of a commit, in lower case. @throws HttpError 400. */
export function commitAt(payload: Payload, path: string): string {
  const hash = textAt(payload, path).toLowerCase();
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) return hash;
  throw new HttpError(400, `The payload has no full hash of a commit at "${path}".`);
}

/** Whatever is at a path; undefined when there is nothing. */
export function valueAt(payload: Payload, path: string): unknown {
  let value: unknown = payload;
  for (const key of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
