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
