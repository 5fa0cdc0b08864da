// Webhooks as GitHub sends them. Nothing here needs Jest, so that programs can use it too.
import { sign } from '../../gateway/webhook/signature.js';

export const secret = 'shared with GitHub';

export interface Delivery {
  readonly event?: string | undefined;
  readonly payload?: unknown;
  /** Instead of the payload as JSON. */
  readonly body?: string | Buffer;
  /** Instead of the right one; null for none. */
  readonly signature?: string | null;
  readonly contentType?: string;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON.
  readonly body: any;
}

/** Delivers a webhook as GitHub does. */
export async function deliver(gateway: { readonly url: string }, delivery: Delivery): Promise<Answer> {
  const body = delivery.body ?? JSON.stringify(delivery.payload);
  const { signature = sign(Buffer.from(body), secret), event } = delivery;
  return call(`${gateway.url}/webhooks/github`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: {
      'content-type': delivery.contentType ?? 'application/json',
      ...(event === undefined ? {} : { 'x-github-event': event }),
      ...(signature === null ? {} : { 'x-hub-signature-256': signature }),
    },
  });
}

export async function call(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}

export function push(repo: string, branch: string, commit: string): Delivery {
  const repository = { full_name: repo };
  return {
    event: 'push',
    payload: { ref: `refs/heads/${branch}`, after: commit, deleted: false, repository },
  };
}

export function branchDeletion(repo: string, branch: string): Delivery {
  const after = '0'.repeat(40);
  const repository = { full_name: repo };
  return { event: 'push', payload: { ref: `refs/heads/${branch}`, after, deleted: true, repository } };
}

export function pullRequest(
  action: string,
  head: { repo: string; pr: number; base: string; commit: string; oldBase?: string },
): Delivery {
  const { repo, pr, base, commit, oldBase } = head;
  const state = action === 'closed' ? 'closed' : 'open';
  const pull_request = { number: pr, state, base: { ref: base }, head: { sha: commit } };
  const changes = oldBase === undefined ? {} : { changes: { base: { ref: { from: oldBase } } } };
  const repository = { full_name: repo };
  return { event: 'pull_request', payload: { action, number: pr, pull_request, repository, ...changes } };
}
