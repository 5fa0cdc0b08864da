// biome-ignore lint/suspicious/noExplicitAny: any answer of Odoo.
type Any = any;

/** A user who has logged in to one database of an Odoo over HTTP. */
export class OdooSession {
  private constructor(
    private readonly address: string,
    private readonly cookie: string,
  ) {}

  /** Throws with what Odoo says when the user or the database is refused. */
  static async open(address: string, db: string, login: string, password: string): Promise<OdooSession> {
    const { result, cookie } = await call(`${address}/web/session/authenticate`, { db, login, password });
    if (result.db !== db || !result.uid)
      throw new Error(`Odoo let ${login} not into ${db}: ${JSON.stringify(result)}`);
    return new OdooSession(address, cookie);
  }

  async moduleState(name: string): Promise<string | undefined> {
    const { result } = await call(
      `${this.address}/web/dataset/call_kw`,
      {
        model: 'ir.module.module',
        method: 'search_read',
        args: [[['name', '=', name]], ['state']],
        kwargs: {},
      },
      this.cookie,
    );
    return result[0]?.state;
  }
}

/** One call of Odoo's JSON-RPC. Gives the result and the session's cookie. */
async function call(url: string, params: object, cookie = ''): Promise<{ result: Any; cookie: string }> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'call', params }),
  });
  const { result, error } = (await answer.json()) as Any;
  if (error) throw new Error(`${url}: ${error.data?.message ?? error.message}`);
  const session = answer.headers.getSetCookie().find((value) => value.startsWith('session_id='));
  return { result, cookie: session?.split(';')[0] ?? cookie };
}
