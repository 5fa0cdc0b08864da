import type { BuildQuery } from '../store/build-store.js';

/** What the list shows, as it stands in the address of the page. */
export interface ListFilter {
  /** What the gateway is asked for. */
  readonly query: BuildQuery;
  /** A `status` of the API, or `waiting`; '': all. It is applied here, so that the others can be counted. */
  readonly status: string;
  /** What is searched for. */
  readonly words: string;
}

const QUERY_KEYS = ['repo', 'target_branch', 'branch', 'pr', 'build_name'] as const;
const STATUS = 'status';
const WORDS = 'q';

/** Of a parameter given twice the last counts, and an empty one is none, as in the API. */
export function readAddress(search: string): ListFilter {
  const parameters = new URLSearchParams(search);
  const last = (key: string) => parameters.getAll(key).at(-1) ?? '';
  const query = QUERY_KEYS.map((key) => [key, last(key)]).filter(([, value]) => value !== '');
  return { query: Object.fromEntries(query), status: last(STATUS), words: last(WORDS) };
}

/** The query part of the address, with its question mark; '' when nothing is filtered. */
export function writeAddress({ query, status, words }: ListFilter): string {
  const parameters = new URLSearchParams(Object.entries(query));
  if (status !== '') parameters.set(STATUS, status);
  if (words !== '') parameters.set(WORDS, words);
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** Whether anything is left out. */
export function isFiltered({ query, status, words }: ListFilter): boolean {
  return status !== '' || words.trim() !== '' || Object.keys(query).length > 0;
}

/** The same without one of the things that the gateway is asked for. */
export function withoutKey(filter: ListFilter, key: keyof BuildQuery): ListFilter {
  const { [key]: _left, ...query } = filter.query;
  return { ...filter, query };
}
