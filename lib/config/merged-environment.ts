import { resolve } from 'node:path';
import type { ConfigProblem } from './config-error.js';
import { type EnvFile, parseEnvFile } from './env-file.js';
import { FilesRead, UnreadableFile } from './files-read.js';
import { ENV_FILE, fileVariableOf, SETTINGS } from './settings.js';

export interface EnvironmentOptions {
  readonly env: NodeJS.ProcessEnv;
  /** A `.env` file; without it `RUNBOAT_ENV_FILE`, and without that none. */
  readonly envFile?: string | undefined;
  /** Where a relative path starts; the working directory. */
  readonly workingFolder?: string;
}

export interface MergedEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** What cannot be read of the `.env` file. */
  readonly problems: readonly ConfigProblem[];
}

/** The environment, and what the `.env` file adds to it: a variable of the environment wins unless it is empty. */
export function mergeEnvironment(options: EnvironmentOptions, files = new FilesRead()): MergedEnvironment {
  const { env } = options;
  const file = options.envFile || env[ENV_FILE];
  if (!file) return { env, problems: [] };
  try {
    const text = files.read(resolve(options.workingFolder ?? process.cwd(), file));
    const { variables, problems } = parseEnvFile(text, env);
    return {
      env: merge(env, variables),
      problems: problems.map(({ line, message }) => ({ path: `${file} line ${line}`, message })),
    };
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const hint = error.code === 'ENOENT' ? `; check --env-file and ${ENV_FILE}` : '';
    return { env, problems: [{ path: file, message: error.why + hint }] };
  }
}

function merge(env: NodeJS.ProcessEnv, variables: EnvFile['variables']): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([, value]) => value !== undefined && value !== '');
  const given = Object.fromEntries(own);
  // A secret of the environment wins over the file's, whichever of its two variables each of them uses.
  const beaten = SETTINGS.flatMap((setting) => {
    const names = [setting.variable, fileVariableOf(setting) ?? setting.variable];
    return names.some((name) => Object.hasOwn(given, name)) ? names : [];
  });
  const added = Object.entries(variables).filter(([name]) => !beaten.includes(name));
  return { ...env, ...Object.fromEntries(added), ...given };
}
