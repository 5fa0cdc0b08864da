import type { Pool } from 'undici';
import { connect } from '../../lib/kube/connection.js';

// A bare client that lists what the operator has in its caches, in pages of 500, parses it, and ends.
// Arguments: the kubeconfig, and the paths with their queries.

const [kubeconfigFile, ...paths] = process.argv.slice(2);
const connection = await connect({ kubeconfigFile });
const { requests, headers } = await connection.access();
const counts = await Promise.all(paths.map((path) => countListed(requests, path)));
console.log(counts.join(' '));
await connection.close();

async function countListed(pool: Pool, path: string): Promise<number> {
  const first = `${path}${path.includes('?') ? '&' : '?'}limit=500`;
  let count = 0;
  for (let next: string | undefined = first; next !== undefined; ) {
    const { statusCode, body } = await pool.request({ method: 'GET', path: next, headers: { ...headers } });
    if (statusCode !== 200) throw new Error(`${next}: ${statusCode} ${await body.text()}`);
    const page = (await body.json()) as { items: unknown[]; metadata: { continue?: string } };
    count += page.items.length;
    const token = page.metadata.continue;
    next = token ? `${first}&continue=${encodeURIComponent(token)}` : undefined;
  }
  return count;
}
