/**
 * The JSON Schema of a setting, with what this project adds to it:
 * - `environment`: the variable's name where it is not made from the key's path.
 * - `inverted`: the variable says the opposite of the key (`RUNBOAT_NO_CLEANUP_JOB`).
 * - `environmentOnly`: not a key of the file.
 * - `secret`: never shown.
 * - `holdsSecrets`: has secrets among other things. Like `secret`, its variable can name a file (`..._FILE`).
 * - `usedBy`: the only process that needs it.
 * - `asText`: a number or a boolean of the file is taken as the text that was written (`16.0`).
 * - `expected`: what is right, in words, after "must be".
 * - `duration`: a text such as `1h30m`, within these bounds.
 */
export interface SettingSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly additionalProperties?: false | SettingSchema;
  readonly required?: readonly string[];
  readonly propertyNames?: SettingSchema;
  readonly items?: SettingSchema;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly environment?: string;
  readonly inverted?: boolean;
  readonly environmentOnly?: boolean;
  readonly secret?: boolean;
  readonly holdsSecrets?: boolean;
  readonly usedBy?: 'operator' | 'gateway';
  readonly asText?: boolean;
  readonly expected?: string;
  readonly duration?: { readonly min: string; readonly max: string };
}

const VARIABLE_NAME: SettingSchema = {
  pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
  maxLength: 253,
  expected: 'a name of letters, digits and _ that does not begin with a digit',
};

export const BUNDLE_NAME: SettingSchema = {
  type: 'string',
  pattern: '^[A-Za-z0-9_][A-Za-z0-9._-]*$',
  maxLength: 253,
  expected: 'the name of a bundle: letters, digits, ., _ and -, beginning with a letter or a digit',
};

export const PORT: SettingSchema = {
  type: 'integer',
  minimum: 0,
  maximum: 65535,
  expected: 'a port, from 0 to 65535 (0: a free one)',
};

export const LIMIT: SettingSchema = {
  type: 'integer',
  minimum: 0,
  maximum: 1_000_000,
  expected: 'a whole number, 0 or more',
};

export const PATTERN: SettingSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 1000,
  expected: 'a regular expression, a text of 1 to 1000 characters (put it in single quotes)',
};

export const ADDRESS: SettingSchema = {
  type: 'string',
  format: 'http-address',
  maxLength: 2000,
  expected:
    'an address that begins with http:// or https://, without a user, a password, a query or a fragment',
};

export function envMap(description: string, more: SettingSchema = {}): SettingSchema {
  return {
    type: 'object',
    description,
    default: {},
    propertyNames: VARIABLE_NAME,
    additionalProperties: {
      type: 'string',
      format: 'text',
      asText: true,
      expected: 'text of valid Unicode without the null character',
    },
    ...more,
  };
}

export function templateVars(description: string, more: SettingSchema = {}): SettingSchema {
  return {
    type: 'object',
    description,
    default: {},
    propertyNames: VARIABLE_NAME,
    additionalProperties: {
      type: ['string', 'number', 'boolean'],
      format: 'text',
      expected: 'a text of valid Unicode, a number, or true or false',
    },
    ...more,
  };
}

export function duration(
  description: string,
  value: string,
  bounds: { min: string; max: string },
): SettingSchema {
  const expected = `a duration such as 30m, 72h, 1h30m or 500ms, from ${bounds.min} to ${bounds.max}`;
  return { type: 'string', description, default: value, duration: bounds, expected };
}
