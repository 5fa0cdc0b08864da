// The steps of `make test` and `make e2e`, and their summary.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '../cluster/paths.js';

export interface Outcome {
  step: string;
  seconds: number;
  passed: number;
  failed: number;
  /** What failed, in one line each. */
  failures: string[];
}

/** Where reports of tests go. */
export const outputFolder = path.join(repositoryRoot, 'test-output');

/** Node runs tests written as ECMAScript modules only with this flag, and then warns about it. */
const jestNodeOptions = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

/** Two even on a single core: the tests mostly wait for programs they started. */
const workers = String(Math.max(2, os.availableParallelism() - 1));

/** A check is one make target. It is counted only when it fails: as one failure. */
export function check(step: string, target: string): Outcome {
  const { status, seconds } = run(step, 'make', ['--no-print-directory', target]);
  const failures = status === 0 ? [] : [`make ${target}`];
  return { step, seconds, passed: 0, failed: failures.length, failures };
}

/** A project of Jest; with a pattern only the files whose paths match it. */
export function tests(step: string, project: string, pattern?: string): Outcome {
  const report = path.join(outputFolder, `${project}.json`);
  rmSync(report, { force: true });
  const files = pattern === undefined ? [] : ['--testPathPatterns', pattern];
  const selection = ['--selectProjects', project, ...files];
  const args = [...selection, '--maxWorkers', workers, '--json', '--outputFile', report];
  const jest = path.join(repositoryRoot, 'node_modules', '.bin', 'jest');
  const { status, seconds } = run(step, jest, args, { NODE_OPTIONS: jestNodeOptions });
  const { passed, failures } = readReport(report);
  if (status !== 0 && failures.length === 0) failures.push(`Jest could not run the project ${project}`);
  return { step, seconds, passed, failed: failures.length, failures };
}

function run(step: string, program: string, args: string[], variables: NodeJS.ProcessEnv = {}) {
  console.log(`\n=== ${step}`);
  const started = Date.now();
  const env = { ...process.env, ...variables };
  const { status, error } = spawnSync(program, args, { cwd: repositoryRoot, env, stdio: 'inherit' });
  if (error) console.error(`${program} could not be started: ${error.message}`);
  return { status, seconds: (Date.now() - started) / 1000 };
}

interface JestReport {
  numPassedTests: number;
  testResults: {
    name: string;
    status: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

function readReport(file: string): { passed: number; failures: string[] } {
  const report = readJson(file);
  if (report === undefined) return { passed: 0, failures: [] };
  const failures = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName);
    const file = path.relative(repositoryRoot, name);
    // A file that could not be run has no tests to count.
    if (status === 'failed' && failed.length === 0) return [`${file} could not be run`];
    return failed.map((test) => `${file}: ${test}`);
  });
  return { passed: report.numPassedTests, failures };
}

/** Nothing if Jest ended before it could write its report. */
function readJson(file: string): JestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function summarize(all: Outcome[]): void {
  console.log('\n=== Summary');
  for (const { step, seconds, failed } of all) {
    console.log(`${failed === 0 ? 'ok    ' : 'FAILED'} ${step.padEnd(20)} ${seconds.toFixed(1)} s`);
  }
  for (const failure of all.flatMap((outcome) => outcome.failures)) console.log(`  failed: ${failure}`);
  const total = (count: (outcome: Outcome) => number) =>
    all.reduce((sum, outcome) => sum + count(outcome), 0);
  const failed = total((outcome) => outcome.failed);
  process.exitCode = failed === 0 ? 0 : 1;
  console.log(`in ${total((outcome) => outcome.seconds).toFixed(0)} s`);
  const result = `${total((outcome) => outcome.passed)} passed, ${failed} failed`;
  writeFileSync(path.join(outputFolder, 'summary.txt'), `${result}\n`);
  console.log(result);
}
