// Builds that look like those of a busy project, for pictures and measurements of the pages.
import { createHash } from 'node:crypto';
import type { Phase, RunboatBuildStatus } from '../../crds/runboatbuild.generated.js';
import type { SampleBuild } from './sample-gateway.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Repository, branch, pull request (0: the branch itself), minutes of age, phase; a sentence where one belongs. */
type Line = readonly [string, string, number, number, Phase, string?];

const LINES: readonly Line[] = [
  ['oca/account-reconcile', '18.0', 0, 190, 'Started'],
  ['oca/account-reconcile', '18.0', 842, 2, 'Queued', 'Waits for its turn to be initialised.'],
  ['oca/account-reconcile', '18.0', 839, 47, 'Started'],
  ['oca/account-reconcile', '18.0', 831, 60 * 26, 'Stopped'],
  ['oca/account-reconcile', '17.0', 0, 60 * 50, 'Stopped'],
  [
    'oca/account-reconcile',
    '17.0',
    840,
    95,
    'Failed',
    'The initialisation ended with exit code 1: account_reconcile_oca: 3 failed tests',
  ],
  ['oca/mis-builder', '18.0', 0, 60 * 9, 'Stopped'],
  ['oca/mis-builder', '18.0', 733, 6, 'Initializing'],
  ['oca/mis-builder', '18.0', 733, 60 * 5, 'Stopped'],
  ['oca/mis-builder', '18.0', 729, 60 * 3, 'Starting'],
  ['oca/mis-builder', '18.0', 702, 60 * 24 * 6, 'Stopped'],
  ['oca/mis-builder', '17.0', 0, 60 * 24 * 3, 'Stopped'],
  ['oca/mis-builder', '16.0', 0, 60 * 24 * 9, 'Stopped'],
  ['oca/mis-builder', '16.0', 698, 60 * 24 * 2, 'Undeploying'],
  ['oca/web', '18.0', 0, 75, 'Started'],
  ['oca/web', '18.0', 3215, 1, 'Queued', 'Waits for its turn to be initialised.'],
  ['oca/web', '18.0', 3214, 9, 'Initializing'],
  ['oca/web', '18.0', 3190, 60 * 7, 'Stopping'],
  ['oca/web', '18.0', 3188, 60 * 20, 'Stopped'],
  [
    'oca/web',
    '18.0',
    3171,
    60 * 30,
    'Failed',
    'The image ghcr.io/oca/oca-ci/py3.10-odoo18.0:latest cannot be pulled.',
  ],
  ['oca/web', '17.0', 0, 60 * 24 * 2, 'Stopped'],
  ['oca/web', '17.0', 3201, 60 * 4, 'Stopped'],
  ['oca/web', '16.0', 3096, 60 * 24 * 4, 'Stopped'],
];

/** A few builds in every state. `now`: milliseconds since the epoch. */
export function sampleBuilds(now: number): SampleBuild[] {
  return LINES.map(([repo, targetBranch, pr, age, phase, message], index) =>
    sampleBuild({
      repo,
      targetBranch,
      pr,
      phase,
      message,
      name: nameOf(repo, index),
      created: now - age * MINUTE,
    }),
  );
}

/** Many builds: 40 repositories with two branches each, and pull requests. */
export function manyBuilds(count: number, now: number): SampleBuild[] {
  const phases: Phase[] = [
    'Stopped',
    'Stopped',
    'Stopped',
    'Started',
    'Failed',
    'Stopped',
    'Stopped',
    'Queued',
  ];
  return Array.from({ length: count }, (_none, index) => {
    const repo = `oca/project-${String(index % 40).padStart(2, '0')}`;
    const targetBranch = index % 3 === 0 ? '17.0' : '18.0';
    const pr = index < 80 ? 0 : 100 + Math.floor(index / 40);
    const phase = phases[index % phases.length]!;
    return sampleBuild({
      repo,
      targetBranch,
      pr,
      phase,
      name: nameOf(repo, index),
      created: now - index * MINUTE,
    });
  });
}

export interface SampleParts {
  readonly name: string;
  readonly repo: string;
  readonly targetBranch: string;
  /** 0: a build of the branch itself. */
  readonly pr: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly phase: Phase;
  readonly message?: string | undefined;
  /** It was asked to start. */
  readonly startRequested?: boolean;
  /** One made of its name by default. */
  readonly commit?: string;
  /** Where a started build answers; made of its name by default. */
  readonly url?: string;
}

/** One build, stopped if nothing else is said. */
export function sampleBuild(parts: Partial<SampleParts>): SampleBuild {
  const {
    name = 'sample',
    repo = 'oca/web',
    targetBranch = '18.0',
    pr = 0,
    phase = 'Stopped',
    message,
  } = parts;
  const { created = Date.now() - HOUR, url = `http://${name}.builds.example.org` } = parts;
  const isToRun = parts.startRequested ?? (phase === 'Starting' || phase === 'Started');
  const commit = parts.commit ?? createHash('sha1').update(name).digest('hex');
  return {
    name,
    created: stamp(created),
    deleting: phase === 'Undeploying',
    spec: { repo, targetBranch, commit, ...(pr === 0 ? {} : { pr }), replicas: isToRun ? 1 : 0 },
    status: statusOf({ created, phase, message, url }),
  };
}

function statusOf({
  url,
  created,
  phase,
  message,
}: Pick<SampleParts, 'created' | 'phase' | 'message' | 'url'>): RunboatBuildStatus {
  const isInitialized = phase !== 'Queued' && phase !== 'Initializing' && phase !== 'Failed';
  const condition = {
    type: 'Initialized',
    status: 'False',
    reason: 'Sample',
    message,
    lastTransitionTime: stamp(created),
  };
  return {
    phase,
    queuedAt: stamp(created + 1000),
    initStatus: isInitialized
      ? 'succeeded'
      : phase === 'Failed'
        ? 'failed'
        : phase === 'Queued'
          ? 'todo'
          : 'started',
    ...(phase === 'Queued' ? {} : { initStartedAt: stamp(created + 40_000) }),
    ...(isInitialized ? { initializedAt: stamp(created + 40_000 + 4 * MINUTE) } : {}),
    ...(phase === 'Started' ? { readyAt: stamp(created + 7 * MINUTE), ...(url ? { url } : {}) } : {}),
    lastScaledAt: stamp(Math.min(created + HOUR, Date.now())),
    resolved: { image: 'ghcr.io/oca/oca-ci/py3.10-odoo18.0:latest', kubefiles: 'odoo' },
    ...(message ? { conditions: [condition] } : {}),
  } as RunboatBuildStatus;
}

function nameOf(repo: string, index: number): string {
  return `b${createHash('sha1').update(`${repo} ${index}`).digest('hex').slice(0, 15)}`;
}

function stamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
