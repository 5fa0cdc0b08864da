// The tutorial is run as it stands, with an operator and a gateway in the place of those of `make run`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { load } from 'js-yaml';
import { demonstrationConfig, demonstrationNamespace } from '../../cluster/demonstration.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { useNamespace } from '../../support/cluster.js';
import { blocksOf, missingLines, runSteps, stepsOf } from '../../support/console-blocks.js';
import { type RunningGateway, startGateway } from '../../support/gateway-process.js';
import { type RunningOperator, startOperator } from '../../support/operator.js';

jest.setTimeout(180_000);

const namespace = useNamespace();
const example = 'docs/examples/build.yaml';
const folder = mkdtempSync(path.join(os.tmpdir(), 'runboat-tutorial-'));
const secrets = { adminPassword: 'a-password', webhookSecret: 'a-secret' };
let operator: RunningOperator;
let gateway: RunningGateway;

const read = (file: string) => readFileSync(path.join(repositoryRoot, file), 'utf8');
/** The page with the namespace of this test. */
const here = (text: string) => text.replaceAll(demonstrationNamespace, namespace.name);

beforeAll(async () => {
  const demonstration = load(demonstrationConfig({ baseUrl: 'http://runboat.test', ...secrets }));
  const config = { ...(demonstration as object), namespace: namespace.name };
  operator = await startOperator({ namespace: namespace.name, config });
  gateway = await startGateway({ namespace: namespace.name, config });
  writeFileSync(path.join(folder, 'build.yaml'), here(read(example)));
});

afterAll(async () => {
  await Promise.all([operator?.stop(), gateway?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

it('the commands of the tutorial succeed and print what it shows', async () => {
  const page = here(read('docs/tutorial.md')).replaceAll(example, path.join(folder, 'build.yaml'));
  const steps = blocksOf(page, 'console').flatMap(stepsOf);
  expect(steps.length).toBeGreaterThan(20);
  const env = { URL: gateway.address, PASSWORD: secrets.adminPassword, SECRET: secrets.webhookSecret };
  const outcomes = await runSteps(steps, env);
  const wrong = outcomes.filter((outcome) => outcome.code !== 0 || missingLines(outcome).length > 0);
  expect(wrong).toEqual([]);
});

it('what is not run in the tutorial only starts it', () => {
  expect(blocksOf(read('docs/tutorial.md'), 'sh')).toEqual(['make run\n']);
});
