import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { ExecConfig, KubeCluster } from './kubeconfig.js';

export interface ExecCredential {
  token?: string;
  /** PEM */
  clientCertificateData?: string;
  clientKeyData?: string;
  /** Absent: good until it is refused. */
  expirationTimestamp?: string;
}

const TIMEOUT_MS = 60_000;
const DEFAULT_VERSION = 'client.authentication.k8s.io/v1';

/**
 * Runs a credential plugin (kubernetes.io, "client-go credential plugins"). Plugins learn the version to answer in
 * from KUBERNETES_EXEC_INFO. @throws Error with the plugin's name and its error output.
 */
export async function runExecPlugin(exec: ExecConfig, cluster: KubeCluster): Promise<ExecCredential> {
  const { command } = exec;
  if (!command) throw new Error("the kubeconfig's user has an exec plugin without a command");
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    KUBERNETES_EXEC_INFO: JSON.stringify(await execInfo(exec, cluster)),
  };
  for (const { name, value } of exec.env ?? []) env[name] = value;
  const output = await run(command, exec.args ?? [], env);
  return parseCredential(command, output);
}

async function execInfo(exec: ExecConfig, cluster: KubeCluster): Promise<object> {
  const { server, 'tls-server-name': tlsServerName, 'insecure-skip-tls-verify': insecure } = cluster;
  const file = cluster['certificate-authority'];
  const data = cluster['certificate-authority-data'] ?? (file && (await readFile(file)).toString('base64'));
  const described = {
    server,
    'tls-server-name': tlsServerName,
    'insecure-skip-tls-verify': insecure,
    'certificate-authority-data': data,
  };
  return {
    apiVersion: exec.apiVersion ?? DEFAULT_VERSION,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(exec.provideClusterInfo && { cluster: described }) },
  };
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`the credential plugin ${command} failed: ${stderr.trim() || error.message}`));
    });
  });
}

/** Does not quote what the plugin printed: that may be a secret. */
function parseCredential(command: string, output: string): ExecCredential {
  try {
    const { status } = JSON.parse(output) as { status?: ExecCredential };
    if (status?.token || status?.clientCertificateData) return status;
  } catch {
    // The sentence below says it.
  }
  throw new Error(`the credential plugin ${command} printed no ExecCredential with a token or a certificate`);
}
