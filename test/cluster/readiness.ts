import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';

/** Where and as whom to talk to an API server. `certificates` is the path of the authority to trust. */
export interface ApiAccess {
  server: string;
  token: string;
  certificates: string;
}

export interface ApiAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any kind of resource.
  body: any;
}

const requestTimeoutMs = 5_000;

/**
 * Whether the address answers 200; false as well while nothing listens. For https the API server's
 * certificate and token are needed; false while there is no certificate yet.
 */
export async function isHealthy(url: string, certificates?: string, token = ''): Promise<boolean> {
  try {
    const ca = certificates === undefined ? undefined : await readFile(certificates);
    return (await send(url, { method: 'GET', ca, token })).status === 200;
  } catch {
    return false;
  }
}

/** One request to the API server with a JSON body. Throws only when there is no answer. */
export async function request(
  api: ApiAccess,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiAnswer> {
  const ca = await readFile(api.certificates);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await send(`${api.server}${path}`, { method, ca, token: api.token, text });
  return { status: answer.status, body: JSON.parse(answer.text) };
}

interface Outgoing {
  method: string;
  ca: Buffer | undefined;
  token: string;
  text?: string | undefined;
}

function send(url: string, { method, ca, token, text }: Outgoing): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const options = { method, ca, headers, timeout: requestTimeoutMs, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = (url.startsWith('https:') ? https : http).request(url, options, (response) => {
      let received = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        received += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: received }));
      response.on('error', reject);
    });
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error(`${url} did not answer in ${requestTimeoutMs} ms`)),
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
