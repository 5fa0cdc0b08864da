// `make chaos`: the fault campaign. See docs/chaos.md.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Cluster, startCluster } from '../cluster/control-plane.js';
import { installDefinition } from '../cluster/definition.js';
import { repositoryRoot } from '../cluster/paths.js';
import { type CampaignOptions, Outcome, runCases } from './campaign.js';
import { type Case, enumeratedCases, randomCase } from './cases.js';
import { ProgramCopy } from './program-copy.js';
import { Random } from './random.js';
import { reportOf } from './report.js';
import { runScenario } from './scenario.js';
import { type TroubleName, Troubles, troubleNames } from './troubles.js';

const settings = {
  seed: process.env['RUNBOAT_CHAOS_SEED'] || randomBytes(4).toString('hex'),
  faults: numberOf('RUNBOAT_CHAOS_FAULTS', 1000),
  builds: numberOf('RUNBOAT_CHAOS_BUILDS', 300),
  parallel: numberOf('RUNBOAT_CHAOS_PARALLEL', os.availableParallelism() + 1),
  slowness: numberOf('RUNBOAT_CHAOS_SLOWNESS', 1),
  parts: (process.env['RUNBOAT_CHAOS_PARTS'] || 'random,troubles,enumerated').split(','),
  /** Only the turns of the cluster's troubles that begin with these. */
  troubles: process.env['RUNBOAT_CHAOS_TROUBLES'] || '',
  /** The name of a single scenario, to run it again. */
  only: process.env['RUNBOAT_CHAOS_ONLY'] || '',
};
/** property 2: two minutes without a write. */
const longSilenceMs = 120_000;
const folder = path.join(repositoryRoot, 'test-output');
const outcome = new Outcome();
/** Ctrl-C: what has begun comes to its end, and is reported. */
let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
});
const copy = new ProgramCopy();
let cluster: Cluster | undefined;
try {
  cluster = await startCluster({ audit: true });
  await installDefinition(cluster);
  const common: CampaignOptions = {
    cluster,
    program: copy.program,
    parallel: settings.parallel,
    slowness: settings.slowness,
    tell: (line) => console.log(line),
  };
  console.log(`Seed ${settings.seed}`);
  if (settings.only !== '') await runOne(settings.only, common);
  else await runParts(common);
} finally {
  await cluster?.stop();
  copy.remove();
}
report();

async function runParts(options: CampaignOptions): Promise<void> {
  if (settings.parts.includes('random')) {
    await runCases(randomCases(), outcome, options, () => interrupted || hasEnough());
  }
  if (settings.parts.includes('troubles')) await runTroubled(options);
  if (settings.parts.includes('enumerated')) {
    const cases = enumeratedCases(await measure(options));
    await runCases(cases.values(), outcome, options, () => interrupted);
  }
}

function hasEnough(): boolean {
  return outcome.faults >= settings.faults && outcome.builds >= settings.builds;
}

function* randomCases(): Generator<Case, undefined> {
  for (let number = 1; ; number++) yield randomCase(settings.seed, number);
}

/** Troubles of the whole cluster, below scenarios with few faults of their own. */
async function runTroubled(options: CampaignOptions): Promise<void> {
  for (const [turn, first] of troubleNames.entries()) {
    if (settings.troubles !== '' && !settings.troubles.split(',').includes(first)) continue;
    const random = new Random(`${settings.seed}/troubles/${turn}`);
    // The cluster goes back in time in a turn of its own, because that ends what users do.
    const others = troubleNames.filter((name) => name !== 'etcd-restored');
    const names: TroubleName[] =
      first === 'etcd-restored' ? [first] : [first, random.pick(others), random.pick(others)];
    console.log(`Troubles of the cluster: ${names.join(', ')}`);
    const troubles = new Troubles(options.cluster);
    troubles.begin(names, random);
    for (const name of names) outcome.count(name, 1);
    const cases = Array.from({ length: options.parallel }, (_, index) => troubled(turn, index));
    await runCases(cases.values(), outcome, { ...options, scenario: { troubles } });
    await troubles.over;
  }
}

function troubled(turn: number, index: number): Case {
  const { plan, ...rest } = randomCase(settings.seed, 1000 * (turn + 1) + index);
  return { ...rest, plan: plan.filter((_, place) => place % 5 === 0), name: `troubled-${turn}-${index}` };
}

/** How many writes and events a scenario has without faults, which is also the one with the long silence. */
async function measure({
  cluster,
  program,
  slowness,
}: CampaignOptions): Promise<{ writes: number; events: number }> {
  const plain: Case = {
    name: 'plain',
    plan: [],
    operators: 1,
    resync: '5m',
    life: 'brief',
    skewed: false,
  };
  const { name: namespace, ...rest } = plain;
  const found = await runScenario({
    ...rest,
    cluster,
    program,
    slowness,
    namespace,
    silenceMs: longSilenceMs,
  });
  outcome.add(plain, found);
  return found;
}

async function runOne(name: string, options: CampaignOptions): Promise<void> {
  const number = /^random-(\d+)$/.exec(name)?.[1];
  const found =
    number === undefined
      ? enumeratedCases(await measure(options)).find((candidate) => candidate.name === name)
      : randomCase(settings.seed, Number(number));
  if (!found)
    throw new Error(
      `There is no scenario ${name}; for troubled ones give RUNBOAT_CHAOS_PARTS=troubles and RUNBOAT_CHAOS_TROUBLES.`,
    );
  await runCases([found].values(), outcome, options);
}

function report(): void {
  const { failures, scenarios } = outcome;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'chaos.json'),
    `${JSON.stringify({ seed: settings.seed, ...outcome.figures }, undefined, 2)}\n`,
  );
  const file = path.join(folder, 'chaos-report.md');
  const text = reportOf(outcome, settings);
  writeFileSync(file, text);
  console.log(`\n${text}`);
  console.log(`${scenarios - failures.length} scenarios passed, ${failures.length} failed; see ${file}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function numberOf(variable: string, usual: number): number {
  const text = process.env[variable] || String(usual);
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${variable} must be a whole number above 0, not ${text}.`);
}
