import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { chartFolder, helm } from './helm-support.js';

const folder = mkdtempSync(path.join(tmpdir(), 'runboat-values-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What helm says of values, as they stand in a file or after `--set`; nothing when it takes them. */
async function complaint(values: string, ...args: string[]): Promise<string> {
  const file = path.join(folder, 'values.yaml');
  writeFileSync(file, values);
  try {
    await helm(['template', 'runboat', chartFolder, '-n', 'runboat', '--values', file, ...args]);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the chart refuses what helm changes before the chart sees it:', () => {
  const rule = 'repo: .*, branch: .*, image: runboat';
  it.each([
    ['config: {env: {PYTHON_VERSION: 3.10}}', '/config/env/PYTHON_VERSION', 'number'],
    ['config: {env: {ODOO_VERSION: 16.0}}', '/config/env/ODOO_VERSION', 'number'],
    ['config: {env: {PROXY: yes}}', '/config/env/PROXY', 'boolean'],
    ['secrets: {buildEnv: {PGPASSWORD: 12.50}}', '/secrets/buildEnv/PGPASSWORD', 'number'],
    ['config: {templateVars: {odoo: 16.0}}', '/config/templateVars/odoo', 'number'],
    [`config: {repos: [{${rule}, env: {V: 1.0}}]}`, '/config/repos/0/env/V', 'number'],
    [`config: {repos: [{${rule}, secretEnv: {V: 0123}}]}`, '/config/repos/0/secretEnv/V', 'number'],
    [`config: {repos: [{${rule}, templateVars: {v: 1e3}}]}`, '/config/repos/0/templateVars/v', 'number'],
    ['operator: {extraEnv: [{name: V, value: 1.0}]}', '/operator/extraEnv/0/value', 'number'],
    ['gateway: {extraEnv: [{name: V, value: 1.0}]}', '/gateway/extraEnv/0/value', 'number'],
  ])('%s', async (values, place, type) => {
    expect(await complaint(values)).toContain(`at '${place}': got ${type}, want `);
  });

  it('but takes it as text', async () => {
    const vars = 'templateVars: {odoo: "16.0", fast: true}';
    expect(await complaint(`config: {env: {PYTHON_VERSION: "3.10"}, ${vars}}`)).toBe('');
    expect(await complaint('', '--set-string', 'secrets.buildEnv.PGPASSWORD=12345')).toBe('');
  });
});

describe('the chart says in a sentence what is wrong with', () => {
  it.each([
    [
      'config: {extra: {namespace: other}}',
      'config.extra.namespace: there is a value for it, builds.namespace',
    ],
    ['config: {extra: {resourceTypes: [job]}}', 'config.extra.resourceTypes: there is a value for it'],
    [
      'config: {extra: {limits: {started: 1}}}',
      'config.extra.limits: there is a value for it, config.limits',
    ],
    ['config: {extra: {api: {adminUser: me}}}', 'config.extra.api.adminUser: there is a value for it'],
    ['config: {extra: {log: {level: debug}}}', 'config.extra.log.level: there is a value for it'],
    ['config: {extra: {github: {token: t}}}', 'config.extra.github.token: a secret does not belong into a'],
    ['config: {extra: {secretEnv: {A: b}}}', 'give it in secrets.buildEnv'],
    ['config: {extra: {bundles: {installation-check: /a}}}', 'brings a bundle installation-check already'],
    ['bundles: {installation-check: {a: b}}', 'bundles.installation-check: the chart brings this one itself'],
    ['bundles: {mine: {a: b, a/b: c}}', 'bundles.mine: a is a file, and the folder of a/b too'],
    ['config: {extra: {http: {port: 0}}}', 'config.extra.http.port: has to be a number from 1 to 65535'],
    ['config: {extra: {http: {port: "9000"}}}', 'config.extra.http.port: has to be a number'],
    ['config: {extra: {http: {port: 8081}}}', 'not 8081, where the gateway has its metrics'],
    ['config: {extra: {http: 9000}}', "at '/config/extra/http': got number, want object"],
    [
      'gateway: {extraEnv: [{name: RUNBOAT_LISTEN_PORT, value: "1"}]}',
      'there is a value for it, config.extra',
    ],
    ['operator: {extraEnv: [{name: RUNBOAT_METRICS_PORT, value: "1"}]}', "is the chart's and always 8081"],
    ['ingress: {enabled: true}', 'ingress.host: give the host of the pages (or config.baseUrl'],
    ['httpRoute: {enabled: true, parentRefs: [{name: a}]}', 'ingress.host: give the host of the pages'],
    ['{httpRoute: {enabled: true}, ingress: {host: a.org}}', 'httpRoute.parentRefs: name the Gateway'],
    ['gateway: {autoscaling: {enabled: true, minReplicas: 6}}', 'minReplicas is more than maxReplicas'],
  ])('%s', async (values, sentence) => {
    expect(await complaint(values)).toContain(sentence);
  });

  it.each(['start it.sh', '../a', 'a/../b', './a', '/a', 'a/', 'a//b', '..a', 'a/.'])(
    'the path %s of a file of a bundle',
    async (file) => {
      const said = await complaint(JSON.stringify({ bundles: { mine: { [file]: 'a' } } }));
      expect(said).toContain(`invalid propertyName '${file}'`);
    },
  );

  it('several values at once', async () => {
    const said = await complaint('{config: {extra: {namespace: other}}, ingress: {enabled: true}}');
    expect(said).toMatch(/^- config\.extra\.namespace: .*\n- ingress\.host: /m);
  });

  it('nothing of what has no value of its own', async () => {
    const extra =
      'paused: true, http: {port: 9000}, github: {app: {id: 12345678}}, bundles: {mine: /srv/mine}';
    expect(await complaint(`config: {extra: {${extra}, api: {publicActions: [start]}}}`)).toBe('');
  });
});
