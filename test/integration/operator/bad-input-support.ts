// Bundles that are copies of `scripted` with something wrong, and what is to be said of their builds.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import type { Condition } from '../../../crds/runboatbuild.generated.js';
import { kubectl, waitFor } from '../../support/cluster.js';
import {
  condition,
  createBuild,
  eventsOf,
  remove,
  type StoredBuild,
  scriptedBundle,
  type TestBed,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';

const root = mkdtempSync(join(tmpdir(), 'runboat-bundles-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The root file of a bundle. */
export const kustomization = 'kustomization.yaml.hbs';

/** Changes a copy of the bundle `scripted`. */
export type Change = (bundle: BundleCopy) => void;

export interface BundleCopy {
  readonly folder: string;
  write(file: string, text: string): void;
  /** Replaces the first occurrence; fails when there is none. */
  replace(file: string, old: string, fresh: string): void;
  /** Adds a file and lists it among the resources, in one mode when it is named. */
  addResource(text: string, mode?: string): void;
}

/** A copy of the bundle `scripted`, changed; gives its folder. */
export function changedBundle(name: string, change: Change): BundleCopy {
  const folder = join(root, name);
  cpSync(scriptedBundle, folder, { recursive: true });
  const bundle = bundleCopy(folder);
  change(bundle);
  return bundle;
}

function bundleCopy(folder: string): BundleCopy {
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  const replace = (file: string, old: string, fresh: string) => {
    if (!read(file).includes(old)) throw new Error(`${file} of the bundle does not contain ${old}`);
    write(file, read(file).replace(old, fresh));
  };
  const addResource = (text: string, mode?: string) => {
    write('more.yaml.hbs', text);
    const entry = '  - more.yaml\n';
    const listed = mode === undefined ? entry : `{{#if (eq mode "${mode}")}}\n${entry}{{/if}}\n`;
    replace(kustomization, 'resources:\n', `resources:\n${listed}`);
  };
  return { folder, write, replace, addResource };
}

/** Waits until a build that was never initialised is refused, and gives the condition that says why. */
export async function refusal(namespace: string, name: string): Promise<Condition> {
  const build = await waitForBuild(
    namespace,
    name,
    (seen) => seen.status?.phase === 'Failed' && condition(seen, 'Deployed')?.status === 'False',
    { timeoutMs: 60_000 },
  );
  return conditionOf(build, 'Deployed');
}

export function conditionOf(build: StoredBuild, type: Condition['type']): Condition {
  const found = condition(build, type);
  if (!found) throw new Error(`the build has no condition ${type}: ${JSON.stringify(build.status)}`);
  return found;
}

/** A sentence for people ends with a full stop, begins with a capital letter and shows no code of ours. */
export function expectSentence(message: string): void {
  expect(message).toMatch(/^[A-Z][\s\S]*[.")]$/);
  expect(message).not.toMatch(/undefined|\[object|\bat .*\.js:|zq[0-9a-f]{6,}/);
}

/** Waits until the operator has tried a build so often, and expects one Event of that reason for it. */
export async function expectOneEvent(bed: TestBed, name: string, reason: string, tries = 2): Promise<void> {
  const told = () =>
    bed
      .operator()
      .entries()
      .filter((entry) => entry['build'] === name && isRefusal(entry.msg));
  await waitFor(() => told().length >= tries, { describe: () => ['tries of', name, told()] });
  const ofReason = async () => {
    const events = await eventsOf(bed.namespace, name);
    return events.filter((event) => (event as unknown as { reason: string }).reason === reason);
  };
  // It is written after the refusal is logged.
  await waitFor(async () => (await ofReason()).length > 0, { describe: () => ['an Event', reason] });
  expect(await ofReason()).toHaveLength(1);
}

function isRefusal(message: string): boolean {
  return ['The build cannot go on', 'The initialise job was refused', 'Cleanup failed'].includes(message);
}

/** Creates a build that is right, waits until it is started and removes it: nothing holds up the others. */
export async function expectOthersGoOn(namespace: string): Promise<void> {
  const name = await createBuild(namespace, { spec: { replicas: 1 } });
  await waitForPhase(namespace, name, 'Started', { timeoutMs: 45_000 });
  await remove('build', namespace, name);
  await waitForGone(namespace, name);
}

/** Everything in the namespace with a label of a build, but for what is named so. */
export async function leftovers(namespace: string): Promise<string[]> {
  const kinds = await kubectl(['api-resources', '--namespaced', '--verbs=list', '-o', 'name']);
  const list = kinds.trim().split('\n').join(',');
  const text = await kubectl(['get', list, '-n', namespace, '-l', 'runboat/build', '-o', 'name']);
  return text.split('\n').filter((line) => line !== '');
}
