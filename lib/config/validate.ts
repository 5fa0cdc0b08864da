import { Ajv, type DefinedError, type ErrorObject } from 'ajv';
import type { ConfigProblem } from './config-error.js';
import { joinPath, pathOfPointer } from './paths.js';
import { parseDuration } from './scalars.js';
import { CONFIG_SCHEMA } from './schema.js';
import type { SettingSchema } from './schema-parts.js';
import { SETTINGS } from './settings.js';

const ajv = new Ajv({
  allErrors: true,
  useDefaults: true,
  verbose: true,
  allowUnionTypes: true,
  strict: true,
});
ajv.addVocabulary(['environment', 'inverted', 'environmentOnly', 'asText', 'expected']);
ajv.addVocabulary(['secret', 'holdsSecrets', 'usedBy']);
ajv.addKeyword({ keyword: 'duration', type: 'string', schemaType: 'object', validate: isDurationWithin });
ajv.addFormat('text', isText);
ajv.addFormat('http-address', isHttpAddress);
const check = ajv.compile(CONFIG_SCHEMA);

/** What a type is called after "must be". */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text (put it in quotes)',
  boolean: 'true or false',
  integer: 'a whole number',
  array: 'a list',
  object: 'a map of names and values',
};

/** Checks a configuration against the schema and fills in the defaults, in place. Messages hold no values. */
export function validate(values: unknown): ConfigProblem[] {
  check(values);
  const errors = (check.errors ?? []) as DefinedError[];
  return errors.filter(({ propertyName }) => propertyName === undefined).map(describe);
}

function describe(error: DefinedError): ConfigProblem {
  const at = pathOfPointer(error.instancePath);
  const schema = error.parentSchema as SettingSchema | undefined;
  if (error.keyword === 'required') {
    const path = joinPath(at, error.params.missingProperty);
    return { path, message: required(path), isAbsence: true };
  }
  if (error.keyword === 'additionalProperties') {
    const path = joinPath(at, error.params.additionalProperty);
    return { path, message: `is not a setting; known here are: ${knownKeys(schema)}` };
  }
  if (error.keyword === 'propertyNames') {
    const path = joinPath(at, error.params.propertyName);
    return { path, message: `the name must be ${schema?.propertyNames?.expected ?? 'another one'}` };
  }
  return { path: at, message: describeValue(error, schema) };
}

function describeValue(error: DefinedError, schema: SettingSchema | undefined): string {
  if (error.data === null) return 'has no value; write "" for an empty text';
  if (schema?.expected !== undefined) return `must be ${schema.expected}`;
  if (error.keyword === 'type')
    return `must be ${TYPE_WORDS[String(error.params.type)] ?? error.params.type}`;
  if (error.keyword === 'enum') return `must be one of ${error.params.allowedValues.join(', ')}`;
  if (error.keyword === 'minLength') return 'must not be empty';
  if (error.keyword === 'uniqueItems') return 'must not say the same thing twice';
  return (error as ErrorObject).message ?? 'is not valid';
}

function required(path: string): string {
  const setting = SETTINGS.find(({ key }) => key === path);
  return setting === undefined ? 'is required' : `is required; set it in the file, or ${setting.variable}`;
}

function knownKeys(schema: SettingSchema | undefined): string {
  const entries = Object.entries(schema?.properties ?? {});
  return entries
    .filter(([, inner]) => inner.environmentOnly !== true)
    .map(([name]) => name)
    .join(', ');
}

function isDurationWithin(bounds: { min: string; max: string }, text: string): boolean {
  const value = parseDuration(text);
  const [min = 0, max = 0] = [parseDuration(bounds.min), parseDuration(bounds.max)];
  return value !== undefined && value >= min && value <= max;
}

/** Kubernetes takes UTF-8 without null characters; a lone surrogate has no UTF-8. */
function isText(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}

function isHttpAddress(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || /[\s?#]/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}
