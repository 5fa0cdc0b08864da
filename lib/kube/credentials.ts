import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { type ExecCredential, runExecPlugin } from './exec-plugin.js';
import { type KubeUser, kubeconfigFiles, loadTarget, type Target } from './kubeconfig.js';

/** What a TLS connection to the API server needs. */
export interface TlsMaterial {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

/** What the next request carries. */
export interface Credential {
  headers: Record<string, string>;
  tls: TlsMaterial;
}

/** A cluster and how to sign in to it, as a kubeconfig or the pod's service account gives them. */
export interface LoadedConfig {
  server: string;
  /** The namespace of the current context, or of the pod. */
  namespace: string | undefined;
  /** Reads files anew; asks a plugin again only when its last answer has expired. */
  credential(): Promise<Credential>;
}

/**
 * Loads a kubeconfig (the file given, else those of `KUBECONFIG`), else the pod's service account.
 * @throws Error with a sentence for people when there is none, or when it cannot be read.
 */
export async function loadConfig(file: string | undefined): Promise<LoadedConfig> {
  const files = kubeconfigFiles(file);
  const target = await loadTarget(files);
  const { server, namespace } = target;
  const { exec } = target.user;
  const plugin = exec && cachedUntilExpiry(() => runExecPlugin(exec, target.cluster));
  const provider = target.user['auth-provider'] && (await authProvider(files));
  return {
    server,
    namespace,
    credential: async () => {
      const [tls, headers] = await Promise.all([readTls(target), readHeaders(target.user)]);
      const granted = await plugin?.();
      if (granted?.token) headers['authorization'] ??= `Bearer ${granted.token}`;
      if (granted?.clientCertificateData) tls.cert = granted.clientCertificateData;
      if (granted?.clientKeyData) tls.key = granted.clientKeyData;
      return { headers: { ...headers, ...(await provider?.()) }, tls };
    },
  };
}

async function readTls({ cluster, user }: Target): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([
    readPem(cluster['certificate-authority'], cluster['certificate-authority-data']),
    readPem(user['client-certificate'], user['client-certificate-data']),
    readPem(user['client-key'], user['client-key-data']),
  ]);
  const servername = cluster['tls-server-name'];
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(servername && { servername }),
    ...(cluster['insecure-skip-tls-verify'] && { rejectUnauthorized: false }),
  };
}

/** As in kubectl, the data win over the file. */
async function readPem(file: string | undefined, data: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  return file ? readFile(file, 'utf8') : undefined;
}

/** As in kubectl, the file wins over the token, because it rotates. */
async function readHeaders(user: KubeUser): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  const token = user.tokenFile ? (await readFile(user.tokenFile, 'utf8')).trim() : user.token;
  if (token) headers['authorization'] = `Bearer ${token}`;
  else if (user.username)
    headers['authorization'] = `Basic ${base64(`${user.username}:${user.password ?? ''}`)}`;
  if (user.as) headers['impersonate-user'] = user.as;
  return headers;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** One run at a time, and none while the last answer is good. */
function cachedUntilExpiry(run: () => Promise<ExecCredential>): () => Promise<ExecCredential> {
  let last: ExecCredential | undefined;
  return async () => {
    const expires = last?.expirationTimestamp;
    const isGood = last !== undefined && (expires === undefined || Date.parse(expires) > Date.now());
    if (!isGood) last = await run();
    return last!;
  };
}

/** The ways to sign in that client-go itself has given up (oidc and others): client-node, loaded only for them. */
async function authProvider(files: readonly string[]): Promise<() => Promise<Record<string, string>>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  for (const [index, file] of files.entries()) {
    const next = new KubeConfig();
    next.loadFromFile(file);
    if (index === 0) config.loadFromFile(file);
    else config.mergeConfig(next, true);
  }
  return async () => {
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const entries = Object.entries(options.headers ?? {});
    return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value).trim()]));
  };
}
