import { readFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as send } from 'node:https';
import { load } from 'js-yaml';

export interface Forwarded {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** The API server that a kubeconfig with a token leads to. */
export class Upstream {
  private readonly server: URL;
  private readonly token: string;
  private readonly agent = new Agent({ keepAlive: true, rejectUnauthorized: false });

  constructor(kubeconfig: string) {
    const config = load(readFileSync(kubeconfig, 'utf8')) as KubeconfigFile;
    const server = config.clusters[0]?.cluster.server;
    const token = config.users[0]?.user.token;
    if (server === undefined || token === undefined)
      throw new Error(`${kubeconfig} names no cluster with a token`);
    this.server = new URL(server);
    this.token = token;
  }

  /** Passes a request on with the token of the kubeconfig. */
  send(
    { method, path, headers, body }: Forwarded,
    onAnswer: (answer: IncomingMessage) => void,
  ): ClientRequest {
    const { hostname, port, host } = this.server;
    const own = { ...headers, host, authorization: `Bearer ${this.token}` };
    const request = send({ agent: this.agent, hostname, port, method, path, headers: own }, onAnswer);
    request.end(body);
    return request;
  }

  close(): void {
    this.agent.destroy();
  }
}

interface KubeconfigFile {
  clusters: { cluster: { server: string } }[];
  users: { user: { token?: string } }[];
}
