import { readFile } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';
import { load } from 'js-yaml';

/**
 * A kubeconfig's user, cluster and context: those fields of `k8s.io/client-go/tools/clientcmd/api/v1` that are used.
 * Read here and not by client-node, whose import costs 56 MB and 0.4 s and which does not know `tokenFile`.
 */
export interface KubeUser {
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  as?: string;
  exec?: ExecConfig;
  'auth-provider'?: object;
}

export interface ExecConfig {
  apiVersion?: string;
  command?: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  provideClusterInfo?: boolean;
}

export interface KubeCluster {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
}

/** What the current context names, with absolute paths. */
export interface Target {
  server: string;
  /** The namespace of the current context, or of the pod. */
  namespace: string | undefined;
  cluster: KubeCluster;
  user: KubeUser;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The files that a kubeconfig is made of: the one given, else those of `KUBECONFIG`; none in a pod. */
export function kubeconfigFiles(file: string | undefined): string[] {
  if (file !== undefined) return [file];
  return (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((part) => part !== '');
}

/**
 * Reads the current context of a kubeconfig, else the pod's service account.
 * @throws Error with a sentence for people: there is none, it cannot be read, or its context names nothing.
 */
export async function loadTarget(files: readonly string[]): Promise<Target> {
  if (files.length === 0) return loadServiceAccount();
  const configs = await Promise.all(files.map(readKubeconfig));
  return targetOf(configs, `the kubeconfig ${files.join(delimiter)}`);
}

interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context?: { cluster?: string; user?: string; namespace?: string } }[] | null;
  clusters?: { name: string; cluster?: KubeCluster }[] | null;
  users?: { name: string; user?: KubeUser }[] | null;
}

async function readKubeconfig(file: string): Promise<Kubeconfig> {
  const content = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Error(`the kubeconfig ${file} cannot be read: ${error.message}`, { cause: error });
  });
  const config = parseYaml(content, file);
  const folder = dirname(resolve(file));
  for (const { cluster } of config.clusters ?? []) makeAbsolute(cluster, ['certificate-authority'], folder);
  for (const { user } of config.users ?? []) {
    makeAbsolute(user, ['client-certificate', 'client-key', 'tokenFile'], folder);
  }
  return config;
}

/** The reason of a YAML error quotes the file, which has secrets, so only its position is told. */
function parseYaml(content: string, file: string): Kubeconfig {
  let parsed: unknown;
  try {
    parsed = content.trim() === '' ? undefined : load(content);
  } catch (error) {
    const line = (error as { mark?: { line?: number } }).mark?.line;
    throw new Error(`the kubeconfig ${file} is not YAML${line === undefined ? '' : ` (line ${line + 1})`}`);
  }
  if (typeof parsed === 'object' && parsed !== null) return parsed as Kubeconfig;
  throw new Error(`the kubeconfig ${file} is empty or is not a map`);
}

function makeAbsolute<K extends string>(
  entry: { [key in K]?: string } | undefined | null,
  keys: K[],
  folder: string,
): void {
  for (const key of keys) {
    const value = entry?.[key];
    if (entry && value) entry[key] = resolve(folder, value) as (typeof entry)[K];
  }
}

/** As kubectl merges several files: what is named first wins. */
function targetOf(configs: Kubeconfig[], source: string): Target {
  const current = configs.map((config) => config['current-context']).find(Boolean);
  if (current === undefined)
    throw new Error(`${source} has no current-context; kubectl config use-context sets it`);
  const context = configs
    .flatMap((config) => config.contexts ?? [])
    .find(({ name }) => name === current)?.context;
  if (context === undefined) throw new Error(`${source} has no context "${current}", its current-context`);
  const cluster = configs
    .flatMap((config) => config.clusters ?? [])
    .find(({ name }) => name === context.cluster)?.cluster;
  if (!cluster?.server) throw new Error(`${source} has no cluster "${context.cluster}" with a server`);
  const user = configs
    .flatMap((config) => config.users ?? [])
    .find(({ name }) => name === context.user)?.user;
  return { server: cluster.server, namespace: context.namespace || undefined, cluster, user: user ?? {} };
}

/** The files and variables that every pod has (kubernetes.io, "Accessing the API from within a Pod"). */
async function loadServiceAccount(): Promise<Target> {
  const host = process.env['KUBERNETES_SERVICE_HOST'];
  const port = process.env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (!host)
    throw new Error(
      'no cluster is known: set KUBECONFIG to a kubeconfig file, or run in a pod of the cluster',
    );
  const namespace = await readFile(`${SERVICE_ACCOUNT}/namespace`, 'utf8').catch((error: Error) => {
    throw new Error(`the pod has no service account to sign in to the cluster with: ${error.message}`, {
      cause: error,
    });
  });
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace.trim() || undefined,
    cluster: { 'certificate-authority': `${SERVICE_ACCOUNT}/ca.crt` },
    user: { tokenFile: `${SERVICE_ACCOUNT}/token` },
  };
}
