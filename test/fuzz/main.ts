// Requests made of the OpenAPI document, sent to a gateway on a test cluster by Schemathesis (PyPI): every answer must be
// one that the document describes, whatever was asked. `make fuzz`; FUZZ_SECONDS is how long, 180 if not given.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CommandError, runCommand } from '../cluster/command.js';
import { startCluster } from '../cluster/control-plane.js';
import { installDefinition } from '../cluster/definition.js';
import { repositoryRoot } from '../cluster/paths.js';
import { FakeGitHub } from '../support/fake-github.js';
import { basic, startGateway } from '../support/gateway-process.js';

const folder = path.join(repositoryRoot, 'test/fuzz');
const requirements = path.join(folder, 'requirements.txt');
const seconds = process.env['FUZZ_SECONDS'] ?? '180';
const namespace = 'fuzz';
/** Schemathesis takes no password with a colon. */
const admin = { user: 'admin', password: 'fuzz' };

const forge = new FakeGitHub();
const program = await install();
const cluster = await startCluster();
try {
  await forge.start();
  await installDefinition(cluster);
  await cluster.kubectl(['create', 'namespace', namespace]);
  // It knows no branch and no pull request: triggers are answered with 404.
  const github = { webhookSecret: 'secret', apiUrl: forge.url };
  const api = { adminUser: admin.user, adminPassword: admin.password };
  const config = { api, github, log: { level: 'info' } };
  const gateway = await startGateway({ namespace, kubeconfig: cluster.kubeconfig, config });
  try {
    await createSome(gateway.address);
    process.exitCode = await fuzz(gateway.address);
  } finally {
    await gateway.stop();
  }
} finally {
  await cluster.stop();
  await forge.stop();
}

/** A virtual environment of exactly these packages; made once for each version of their list. */
async function install(): Promise<string> {
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const home = path.join(os.homedir(), '.cache/runboat/fuzz', version);
  const fuzzer = path.join(home, 'bin/schemathesis');
  if (existsSync(fuzzer)) return fuzzer;
  try {
    await runCommand('python3', ['-m', 'venv', '--clear', home]);
  } catch (error) {
    if (!(error instanceof CommandError) && !(error as Error).message.includes('ENOENT')) throw error;
    throw new Error('Python 3.11 or later with venv is needed: install the package python3-venv.', {
      cause: error,
    });
  }
  const args = ['install', '--quiet', '--require-hashes', '--only-binary=:all:', '-r', requirements];
  await runCommand(path.join(home, 'bin/pip'), args);
  return fuzzer;
}

/** So that there is something to read. */
async function createSome(address: string): Promise<void> {
  for (const commit of ['a', 'b', 'c']) {
    const query = new URLSearchParams({ repo: 'oca/web', target_branch: '16.0', commit: commit.repeat(40) });
    const headers = { authorization: basic(admin) };
    await fetch(`${address}/api/v1/builds?${query}`, { method: 'POST', headers });
  }
}

/** Its exit code. Streams of events never end, which is why tests of their own try them. */
async function fuzz(address: string): Promise<number> {
  const args = ['--config-file', path.join(folder, 'schemathesis.toml'), 'run', `${address}/openapi.json`];
  args.push('--auth', `${admin.user}:${admin.password}`, '--exclude-path', '/api/v1/build-events');
  args.push('--phases', 'coverage,fuzzing', '--max-time', seconds, '--continue-on-failure');
  args.push('--request-timeout', '20', '--generation-database', 'none');
  const child = spawn(program, args, { cwd: path.dirname(program), stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
