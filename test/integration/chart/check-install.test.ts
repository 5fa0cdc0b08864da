import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONFIG_SCHEMA } from '../../../lib/config/schema.js';
import { operatorRules } from '../../../operator/rights.js';
import { type CommandError, runCommand } from '../../cluster/command.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { createAccount, type Rule } from '../../support/account.js';
import { ADMIN, gatewayConfig, type RunningGateway, startGateway } from '../../support/gateway-process.js';
import { list, type RunningOperator, startOperator, useOperator } from '../../support/operator.js';

const bed = useOperator();
const folder = mkdtempSync(path.join(tmpdir(), 'runboat-check-'));
const secret = 'shared with GitHub';
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ namespace: bed.namespace, config: { github: { webhookSecret: secret } } });
});

afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true });
});

interface Changes {
  readonly address?: string;
  readonly config?: Record<string, unknown>;
  readonly repo?: string;
  readonly timeout?: string;
}

/** Runs the command as `helm test` does; gives what it printed, and its complaint. */
async function check(changes: Changes = {}): Promise<string> {
  const { address = gateway.address, repo = 'oca/check', timeout = '60s' } = changes;
  const config = { github: { webhookSecret: secret }, domain: 'builds.localhost', ...changes.config };
  const file = path.join(folder, `${randomBytes(4).toString('hex')}.yaml`);
  writeFileSync(file, JSON.stringify(gatewayConfig(bed.namespace, config)));
  const args = ['check-install', '--config', file, '--address', address, '--repo', repo];
  return runCommand(
    process.execPath,
    [path.join(repositoryRoot, 'bin/runboat'), ...args, '--timeout', timeout],
    {
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
}

/** The first line of the complaint of a check that fails. */
async function complaint(changes: Changes): Promise<string> {
  const error = await check(changes).then(
    () => undefined,
    (failure: CommandError) => failure,
  );
  expect(error?.ended).toBe('1');
  return error?.stderr ?? '';
}

describe('runboat check-install', () => {
  it('makes a build, starts it and removes it where all is well', async () => {
    const said = await check();
    expect(said).toContain('is started and ready');
    expect(said).toContain('The installation works.');
    expect(await list('build', bed.namespace)).toEqual([]);
  });

  it('names DNS when the name of the gateway is not known', async () => {
    expect(await complaint({ address: 'http://runboat-gateway.nowhere.invalid:80' })).toMatch(
      /^Broken: DNS\. /,
    );
  });

  it('names DNS when no record leads to builds', async () => {
    const said = await complaint({ config: { domain: 'builds.invalid' } });
    expect(said).toMatch(/^Broken: DNS\. .*\*\.builds\.invalid/);
  });

  it('names the gateway when it does not answer', async () => {
    const said = await complaint({ address: 'http://127.0.0.1:9', timeout: '1s' });
    expect(said).toMatch(/^Broken: gateway\. /);
  });

  it('names the webhook secret when the gateway has another one', async () => {
    const config = { github: { webhookSecret: 'another' } };
    expect(await complaint({ config })).toMatch(/^Broken: webhook secret\. /);
  });

  it('names the rules when none matches', async () => {
    expect(await complaint({ repo: 'nobody/nothing' })).toMatch(/^Broken: rules\. /);
  });

  it('names the administrator when the password is wrong, and makes no secret of it', async () => {
    const config = { api: { adminUser: ADMIN.user, adminPassword: 'not the right one' } };
    const said = await complaint({ config });
    expect(said).toMatch(/Broken: administrator\. /);
    expect(said).not.toContain('not the right one');
  });

  it('names the rights when the operator lacks one', async () => {
    await bed.operator().stop();
    const operator = await operatorWithout('create services');
    try {
      const said = await complaint({ timeout: '40s' });
      expect(said).toMatch(/Broken: rights\. .*cannot/s);
      expect(said).not.toContain('Is the operator running');
    } finally {
      await operator.stop();
      await bed.restart();
    }
  }, 120_000);
});

/** An operator whose account lacks one right. */
async function operatorWithout(denied: string): Promise<RunningOperator> {
  const [verb, resource = ''] = denied.split(' ');
  const types = CONFIG_SCHEMA.properties?.['resourceTypes']?.default as string[];
  const rules: Rule[] = operatorRules(types).map((rule) =>
    rule.resources[0] === resource ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
  );
  const kubeconfig = path.join(folder, 'kubeconfig');
  await createAccount(bed.namespace, `without-${denied.replace(' ', '-')}`, rules, kubeconfig);
  return startOperator({ namespace: bed.namespace, kubeconfig });
}
