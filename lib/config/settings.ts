import { CONFIG_SCHEMA } from './schema.js';
import type { SettingSchema } from './schema-parts.js';

/** One setting: a key of the file that has a value of its own, and the variable that wins over it. */
export interface Setting {
  /** For example `http.trustProxy`. */
  readonly key: string;
  /** For example `RUNBOAT_HTTP_TRUST_PROXY`. */
  readonly variable: string;
  readonly schema: SettingSchema;
  readonly required: boolean;
}

export interface OtherVariable {
  readonly variable: string;
  readonly description: string;
}

export const ENV_FILE = 'RUNBOAT_ENV_FILE';
export const DEFAULT_KUBEFILES_PATH = 'RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH';
export const CONFIG_FILE = 'RUNBOAT_CONFIG';
export const LOG_CONFIG = 'RUNBOAT_LOG_CONFIG';

/** Variables that are known and are not the value of one key. */
export const OTHER_VARIABLES: readonly OtherVariable[] = [
  { variable: CONFIG_FILE, description: 'The configuration file; the flag `--config` wins over it.' },
  {
    variable: ENV_FILE,
    description: 'A `.env` file with more variables; the flag `--env-file` wins over it.',
  },
  {
    variable: DEFAULT_KUBEFILES_PATH,
    description:
      "The folder of the default bundle. The bundle is named after the folder's last part, or its last two where the last parts of two folders are equal. `RUNBOAT_DEFAULT_BUNDLE`, a name, wins over it.",
  },
  { variable: 'RUNBOAT_KUBECTL', description: 'The path of `kubectl`, when it is not in `PATH`.' },
  {
    variable: LOG_CONFIG,
    description: 'Accepted from older `.env` files and ignored with a warning; see `RUNBOAT_LOG_LEVEL`.',
  },
];

/** All settings, in the order of the schema. */
export const SETTINGS: readonly Setting[] = listSettings(CONFIG_SCHEMA, '');

/** The variable that a key's path makes: `http.trustProxy` makes `RUNBOAT_HTTP_TRUST_PROXY`. */
export function variableOf(key: string): string {
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter}`).replaceAll('.', '_');
  return `RUNBOAT_${snake.toUpperCase()}`;
}

/** The variable that names a file with the value; undefined for settings without secrets. */
export function fileVariableOf({ variable, schema }: Setting): string | undefined {
  return schema.secret === true || schema.holdsSecrets === true ? `${variable}_FILE` : undefined;
}

function listSettings(parent: SettingSchema, prefix: string): Setting[] {
  return Object.entries(parent.properties ?? {}).flatMap(([name, schema]) => {
    const key = prefix + name;
    if (schema.properties !== undefined) return listSettings(schema, `${key}.`);
    const required = prefix === '' && (parent.required ?? []).includes(name);
    return [{ key, variable: schema.environment ?? variableOf(key), schema, required }];
  });
}
