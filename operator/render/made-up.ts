import type { RenderInput } from './types.js';

const PLAIN: Omit<RenderInput, 'templateVars'> = {
  namespace: 'runboat-check',
  buildName: 'check-repo-16-0-1a2b3c4d5e6f',
  buildSlug: 'check-repo-16-0-1a2b3c4d5e6f',
  buildDomain: 'builds.example.org',
  databasePrefix: '',
  commitInfo: {
    repo: 'check/repo',
    targetBranch: '16.0',
    pr: null,
    gitCommit: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
  },
  image: 'registry.example.org/check/image',
  env: {},
  secretEnv: {},
};

/** Two builds that no forge knows, on which a bundle is checked: without environment, and with two entries each. */
export const MADE_UP_BUILDS: readonly Omit<RenderInput, 'templateVars'>[] = [
  PLAIN,
  {
    ...PLAIN,
    databasePrefix: 'check_',
    commitInfo: { ...PLAIN.commitInfo, pr: 7 },
    image: `registry.example.org:5000/check/image:v1@sha256:${'0123456789abcdef'.repeat(4)}`,
    env: { RUNBOAT_CHECK_A: 'one', RUNBOAT_CHECK_B: 'two' },
    secretEnv: { RUNBOAT_CHECK_C: 'three', RUNBOAT_CHECK_D: 'four' },
  },
];
