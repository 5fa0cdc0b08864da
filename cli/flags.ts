import type { Flag } from './usage.js';

export const configFlag: Flag = {
  name: 'config',
  env: 'RUNBOAT_CONFIG',
  value: 'FILE',
  help: 'the configuration file',
};

export const envFileFlag: Flag = {
  name: 'env-file',
  env: 'RUNBOAT_ENV_FILE',
  value: 'FILE',
  help: 'a .env file; variables of the environment win over it',
};

export const resyncFlag: Flag = {
  name: 'resync',
  env: 'RUNBOAT_RESYNC',
  value: 'DURATION',
  help: 'time between comparisons of each cache with the API server, 5m by default',
};

export const leaseFlag: Flag = {
  name: 'lease-duration',
  env: 'RUNBOAT_LEASE_DURATION',
  value: 'DURATION',
  help: 'time after which a second operator takes over from one that fell silent, 12s by default',
};

export const modeFlag: Flag = {
  name: 'mode',
  env: 'RUNBOAT_MODE',
  value: 'MODE',
  help: 'deployment, initialize, start, stop or cleanup',
};

export const fileFlag: Flag = {
  name: 'file',
  short: 'f',
  env: 'RUNBOAT_FILE',
  value: 'FILE',
  help: 'a RunboatBuild in YAML or JSON, - for standard input',
};

export const dryRunFlag: Flag = {
  name: 'dry-run',
  env: 'RUNBOAT_DRY_RUN',
  help: 'tell what would be done, and change nothing',
};

export const quietForFlag: Flag = {
  name: 'quiet-for',
  env: 'RUNBOAT_QUIET_FOR',
  value: 'DURATION',
  help: 'how long nobody may have written to what is adopted, 1m by default',
};

export const addressFlag: Flag = {
  name: 'address',
  env: 'RUNBOAT_CHECK_ADDRESS',
  value: 'URL',
  help: 'the address of the gateway',
};

export const repoFlag: Flag = {
  name: 'repo',
  env: 'RUNBOAT_CHECK_REPO',
  value: 'OWNER/NAME',
  help: 'a repository whose branch main a rule builds; nothing of it is read',
};

export const timeoutFlag: Flag = {
  name: 'timeout',
  env: 'RUNBOAT_CHECK_TIMEOUT',
  value: 'DURATION',
  help: 'the longest that each step may take, 2m by default',
};

/** Variables that stand for flags, so that the configuration does not warn of them. */
export const flagVariables: readonly string[] = [
  configFlag,
  envFileFlag,
  resyncFlag,
  leaseFlag,
  modeFlag,
  fileFlag,
  dryRunFlag,
  quietForFlag,
  addressFlag,
  repoFlag,
  timeoutFlag,
].map(({ env }) => env);
