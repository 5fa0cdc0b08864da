import { Pool } from 'undici';
import { type Credential, type LoadedConfig, loadConfig, type TlsMaterial } from './credentials.js';

/** The pools of one set of TLS material and the headers that go with a request. */
export interface Access {
  headers: Readonly<Record<string, string>>;
  /** Keep-alive connections for requests. */
  requests: Pool;
  /** One connection a watch, so that watches never wait for requests, nor requests for watches. */
  watches: Pool;
}

/** A way to one API server, with credentials that rotate. */
export interface Connection {
  /** Scheme, host and port. */
  readonly server: string;
  /** What stands before every path, for servers behind a proxy: empty, or `/k8s/clusters/c-1`. */
  readonly basePath: string;
  /** The namespace of the current context, or of the pod. */
  readonly namespace: string | undefined;
  /** Credentials and pools for the next request. @throws Error when the credentials cannot be read. */
  access(): Promise<Access>;
  /** After a 401 to `refused`: reads everything again. True when there are other credentials now. */
  renew(refused: Access): Promise<boolean>;
  /** Ends all connections, watches and unanswered requests included. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** A kubeconfig; without it `KUBECONFIG`, else the pod's service account. */
  kubeconfigFile?: string | undefined;
  /** How long credentials are used before they are looked at again; default 30 s. */
  credentialTtlMs?: number | undefined;
}

const CREDENTIAL_TTL_MS = 30_000;
/** A 401 for another reason must not start an exec plugin for every request. */
const RENEW_INTERVAL_MS = 2_000;
const REQUEST_CONNECTIONS = 48;
const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 90 s after which the API server closes an idle connection (http.Server.IdleTimeout). */
const KEEP_ALIVE_MS = 60_000;

/**
 * Prepares the way to the API server; nothing is sent yet.
 * @throws Error with a sentence for people when no cluster is configured or the credentials cannot be read.
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const config = await loadConfig(options.kubeconfigFile);
  const connection = new RotatingConnection(config, options);
  await connection.access();
  return connection;
}

interface Pools {
  requests: Pool;
  watches: Pool;
  tls: string;
}

class RotatingConnection implements Connection {
  readonly server: string;
  readonly basePath: string;
  readonly namespace: string | undefined;
  private config: LoadedConfig;
  private readonly options: ConnectOptions;
  private current: { access: Access; pools: Pools } | undefined;
  private checkedAt = 0;
  private renewedAt = Number.NEGATIVE_INFINITY;
  private checking: Promise<Access> | undefined;
  private renewing: Promise<void> | undefined;
  private closed = false;

  constructor(config: LoadedConfig, options: ConnectOptions) {
    const address = parseServer(config.server);
    this.server = address.origin;
    this.basePath = address.pathname.replace(/\/+$/, '');
    this.namespace = config.namespace;
    this.config = config;
    this.options = options;
  }

  async access(): Promise<Access> {
    const ttl = this.options.credentialTtlMs ?? CREDENTIAL_TTL_MS;
    if (this.current !== undefined && performance.now() - this.checkedAt < ttl) return this.current.access;
    this.checking ??= this.check().finally(() => {
      this.checking = undefined;
    });
    return this.checking;
  }

  async renew(refused: Access): Promise<boolean> {
    if (this.differsFrom(refused)) return true;
    if (this.renewing === undefined && performance.now() - this.renewedAt < RENEW_INTERVAL_MS) return false;
    this.renewing ??= this.reload().finally(() => {
      this.renewing = undefined;
    });
    await this.renewing;
    return this.differsFrom(refused);
  }

  async close(): Promise<void> {
    this.closed = true;
    const pools = this.current?.pools;
    this.current = undefined;
    if (pools !== undefined) await Promise.all([pools.requests.destroy(), pools.watches.destroy()]);
  }

  private async reload(): Promise<void> {
    this.renewedAt = performance.now();
    const config = await loadConfig(this.options.kubeconfigFile);
    // Another cluster under the same name would be taken for this one.
    if (config.server === this.config.server) this.config = config;
    this.current = this.use(await this.config.credential());
  }

  private differsFrom(refused: Access): boolean {
    return this.current !== undefined && differ(this.current.access, refused);
  }

  private async check(): Promise<Access> {
    this.current = this.use(await this.config.credential());
    return this.current.access;
  }

  private use(credential: Credential): { access: Access; pools: Pools } {
    if (this.closed) throw new Error('the connection to the API server was closed');
    this.checkedAt = performance.now();
    const tls = JSON.stringify(credential.tls);
    const old = this.current?.pools;
    const pools = old?.tls === tls ? old : this.open(credential.tls, tls);
    if (old !== undefined && old !== pools) retire(old);
    const { requests, watches } = pools;
    return { access: { headers: credential.headers, requests, watches }, pools };
  }

  private open(material: TlsMaterial, tls: string): Pools {
    const common = {
      connect: { ...material, timeout: CONNECT_TIMEOUT_MS },
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    const requests = new Pool(this.server, { ...common, connections: REQUEST_CONNECTIONS });
    return { requests, watches: new Pool(this.server, { ...common, connections: null }), tls };
  }
}

function differ(a: Access, b: Access): boolean {
  return a.requests !== b.requests || JSON.stringify(a.headers) !== JSON.stringify(b.headers);
}

/** Requests under way may end; watches are cut, so that they come back with the new certificate. */
function retire(pools: Pools): void {
  void pools.requests.close();
  void pools.watches.destroy();
}

function parseServer(server: string): URL {
  if (!URL.canParse(server)) throw new Error(`the kubeconfig's server "${server}" is not a URL`);
  const address = new URL(server);
  if (address.protocol === 'https:' || address.protocol === 'http:') return address;
  throw new Error(`the kubeconfig's server "${server}" must begin with https:// or http://`);
}
