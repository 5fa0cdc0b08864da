import { Account } from '../session/account.js';
import { PageSession } from '../session/page-session.js';

/** What every page begins with. */
export function startPage(): { session: PageSession } {
  markCurrentPage();
  const session = new PageSession(sessionStorage);
  void session.resume();
  customElements.define('rb-account', Account);
  document.querySelector<Account>('rb-account')!.session = session;
  return { session };
}

/** The link of the header that leads to this page. */
function markCurrentPage(): void {
  const here = /^\/(webui\/?)?$/.test(location.pathname) ? '/webui/' : location.pathname;
  for (const link of document.querySelectorAll<HTMLAnchorElement>('.bar nav a')) {
    if (link.pathname === here) link.setAttribute('aria-current', 'page');
  }
}
