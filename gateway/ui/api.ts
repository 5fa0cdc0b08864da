import { TEXTS } from './texts.js';

export type ApiAnswer<T> =
  | { readonly ok: true; readonly value: T }
  /** What went wrong, in a sentence for people; status 0 when no answer came. */
  | { readonly ok: false; readonly status: number; readonly detail: string };

export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** The value of the header `Authorization`. */
  readonly authorization?: string | undefined;
}

/**
 * Calls the API, `path` below `/api/v1`. Credentials that the browser keeps are never sent, so that it never asks for
 * them in a box of its own when one is refused. It does not throw.
 */
export async function callApi<T>(
  path: string,
  { method = 'GET', authorization }: ApiCall = {},
): Promise<ApiAnswer<T>> {
  const headers: HeadersInit = {
    Accept: 'application/json',
    ...(authorization ? { Authorization: authorization } : {}),
  };
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { method, headers, credentials: 'omit', cache: 'no-cache' });
  } catch {
    return { ok: false, status: 0, detail: TEXTS.errors.offline };
  }
  const body = await response.json().catch(() => undefined);
  const { status } = response;
  if (response.ok && body !== undefined) return { ok: true, value: body as T };
  return { ok: false, status, detail: detailOf(body) ?? TEXTS.errors.unreadable(status) };
}

/** The sentence that every error of the API carries; undefined for what is none, such as a proxy's own answer. */
export function detailOf(body: unknown): string | undefined {
  const detail = (body as { detail?: unknown } | null | undefined)?.detail;
  return typeof detail === 'string' ? detail : undefined;
}

/** The path of a build below `/api/v1`, of one of its parts when it is named. */
export function buildPath(name: string, part?: string): string {
  return `/builds/${encodeURIComponent(name)}${part === undefined ? '' : `/${part}`}`;
}
