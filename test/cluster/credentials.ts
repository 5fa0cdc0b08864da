import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Each has its own user, so that the audit log tells them apart, and all rights. */
const users = {
  admin: 'admin',
  'kube-apiserver': 'apiserver-probe',
  'kube-controller-manager': 'system:kube-controller-manager',
  'kube-scheduler': 'system:kube-scheduler',
  kwok: 'kwok',
  kubelet: 'kubelet',
  'kube-proxy': 'kube-proxy',
  coredns: 'coredns',
};
export type ClusterUser = keyof typeof users;

/** Writes the tokens of all users and the key that signs tokens of service accounts. */
export async function writeCredentials(folder: string): Promise<Record<ClusterUser, string>> {
  const names = Object.keys(users) as ClusterUser[];
  const tokens = Object.fromEntries(names.map((name) => [name, randomBytes(24).toString('hex')]));
  const lines = names.map((name) => `${tokens[name]},${users[name]},${name},"system:masters"\n`);
  await writeFile(path.join(folder, 'tokens.csv'), lines.join(''), { mode: 0o600 });
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await writeFile(path.join(folder, 'service-accounts.key'), privateKey, { mode: 0o600 });
  await writeFile(path.join(folder, 'service-accounts.pub'), publicKey);
  return tokens as Record<ClusterUser, string>;
}

/** The file a kubeconfig for this user is kept in. */
export function kubeconfigPath(folder: string, user: ClusterUser): string {
  return path.join(folder, user === 'admin' ? 'kubeconfig' : `${user}.kubeconfig`);
}

/** Writes the users' kubeconfigs. The certificate is the one that the API server made for itself. */
export async function writeKubeconfigs(
  folder: string,
  server: string,
  tokens: Record<ClusterUser, string>,
): Promise<void> {
  const certificate = (await readFile(path.join(folder, 'certificates', 'apiserver.crt'))).toString('base64');
  for (const [user, token] of Object.entries(tokens)) {
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': certificate } }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user, namespace: 'default' } }],
      'current-context': 'test',
    };
    const file = kubeconfigPath(folder, user as ClusterUser);
    await writeFile(file, `${JSON.stringify(kubeconfig, undefined, 2)}\n`, { mode: 0o600 });
  }
}
