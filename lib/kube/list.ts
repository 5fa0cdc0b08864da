import { isExpired } from './errors.js';
import type { Query } from './paths.js';
import type { ListAnswer } from './types.js';

export interface ListPage<T> {
  /** The first page of a (new) beginning: whatever pages came before it are void. */
  first: boolean;
  items: T[];
  /** The same in all pages of one list: the moment that the list shows. */
  resourceVersion: string;
}

const PAGE_SIZE = 500;
const MAX_BEGINNINGS = 3;

/**
 * Reads a list in pages. A continue token lives about 5 minutes; when it has expired (410) the list begins again,
 * and at last without pages, which cannot expire.
 */
export async function* listPages<T>(
  read: (paging: Query) => Promise<ListAnswer<T>>,
  limit: Query[string] = PAGE_SIZE,
): AsyncGenerator<ListPage<T>, void, undefined> {
  let beginnings = 1;
  let token: string | undefined;
  for (;;) {
    const paging = { limit: beginnings > MAX_BEGINNINGS ? undefined : limit, continue: token };
    const answer = await readOrExpire(() => read(paging), token);
    if (answer === 'expired') {
      beginnings++;
      token = undefined;
      continue;
    }
    const { resourceVersion, continue: next } = answer.metadata;
    yield { first: token === undefined, items: answer.items ?? [], resourceVersion };
    if (!next) return;
    token = next;
  }
}

async function readOrExpire<T>(read: () => Promise<T>, token: string | undefined): Promise<T | 'expired'> {
  try {
    return await read();
  } catch (error) {
    if (token !== undefined && isExpired(error)) return 'expired';
    throw error;
  }
}
