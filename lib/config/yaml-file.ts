import { readFileSync, statSync } from 'node:fs';
import { defineScalarTag, FAILSAFE_SCHEMA, loadAll, YAMLException } from 'js-yaml';
import { ConfigError } from './config-error.js';
import type { Parsed } from './scalars.js';

/** Bytes. A ConfigMap or a Secret holds at most this much. */
const MAX_SIZE = 1_048_576;
const MAX_ALIASES = 100;
const MAX_DEPTH = 20;

/** Every scalar as it is written; explicit tags (`!!int 5`) are allowed and change nothing. */
const AS_WRITTEN = FAILSAFE_SCHEMA.withTags(
  ['int', 'float', 'bool', 'null'].map((name) =>
    defineScalarTag(`tag:yaml.org,2002:${name}`, { resolve: (source) => source, identify: () => false }),
  ),
);

/** Reads a YAML file with one document. Throws ConfigError with the file's name and the line. */
export function readYamlFile(file: string): Parsed {
  return parseYaml(readText(file), file);
}

/** Parses one YAML document; an empty one is an empty map. Throws ConfigError with the file's name and the line. */
export function parseYaml(source: string, file: string): Parsed {
  const limits = { maxAliases: MAX_ALIASES, maxDepth: MAX_DEPTH };
  try {
    const values = loadAll(source, limits);
    if (values.length > 1) throw problem(file, 'has more than one YAML document; one is expected');
    const [text] = loadAll(source, { ...limits, schema: AS_WRITTEN });
    const value = values[0] ?? {};
    return { value, text: values[0] == null ? {} : text };
  } catch (error) {
    if (error instanceof YAMLException) throw problem(file, sentence(error));
    throw error;
  }
}

function readText(file: string): string {
  try {
    if (statSync(file).size > MAX_SIZE) throw problem(file, `is larger than ${MAX_SIZE} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw problem(file, unreadable(error));
  }
}

function unreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file; check --config and RUNBOAT_CONFIG';
  if (code === 'EISDIR') return 'is a folder; a YAML file is expected';
  return `cannot be read (${code ?? String(error)})`;
}

/** The parser's reason without names, tags and the snippet of the text: an unquoted secret could be in them. */
function sentence(error: YAMLException): string {
  const reason = error.reason.replace(/!<.*>|".*"|: .*$/gs, '...');
  const hint = reason === error.reason ? '' : '; a value that begins with *, & or ! needs quotes';
  if (error.mark === undefined) return `is not valid YAML: ${reason}${hint}`;
  const { line, column } = error.mark;
  return `line ${line + 1}, column ${column + 1}: is not valid YAML: ${reason}${hint}`;
}

function problem(file: string, message: string): ConfigError {
  return new ConfigError([{ path: file, message }]);
}
