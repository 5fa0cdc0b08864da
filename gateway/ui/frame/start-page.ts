import { memoryOf } from '../parts/memory.js';
import { Account } from '../session/account.js';
import { PageSession } from '../session/page-session.js';
import { ConnectionNotice } from './connection-notice.js';

/** What every page begins with. */
export interface Page {
  readonly session: PageSession;
  /** Says when what is shown may be old; to be told of the store that is shown. */
  readonly connection: ConnectionNotice;
}

export function startPage(): Page {
  markCurrentPage();
  customElements.define('rb-connection', ConnectionNotice);
  const connection = new ConnectionNotice();
  document.body.append(connection);
  const session = new PageSession(memoryOf('sessionStorage'));
  void session.resume();
  customElements.define('rb-account', Account);
  document.querySelector<Account>('rb-account')!.session = session;
  return { session, connection };
}

/** The link of the header that leads to this page. */
function markCurrentPage(): void {
  const here = /^\/(webui\/?)?$/.test(location.pathname) ? '/webui/' : location.pathname;
  for (const link of document.querySelectorAll<HTMLAnchorElement>('.bar nav a')) {
    if (link.pathname === here) link.setAttribute('aria-current', 'page');
  }
}
