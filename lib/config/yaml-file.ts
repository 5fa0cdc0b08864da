import { defineScalarTag, FAILSAFE_SCHEMA, loadAll, YAMLException } from 'js-yaml';
import { ConfigError } from './config-error.js';
import { FilesRead, UnreadableFile } from './files-read.js';
import type { Parsed } from './scalars.js';

const MAX_ALIASES = 100;
const MAX_DEPTH = 20;

/** Every scalar as it is written; explicit tags (`!!int 5`) are allowed and change nothing. */
const AS_WRITTEN = FAILSAFE_SCHEMA.withTags(
  ['int', 'float', 'bool', 'null'].map((name) =>
    defineScalarTag(`tag:yaml.org,2002:${name}`, { resolve: (source) => source, identify: () => false }),
  ),
);

/** Reads a YAML file with one document. Throws ConfigError with the file's name and the line. */
export function readYamlFile(file: string, files = new FilesRead()): Parsed {
  return parseYaml(readText(file, files), file);
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

function readText(file: string, files: FilesRead): string {
  try {
    return files.read(file);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const hint = error.code === 'ENOENT' ? '; check --config and RUNBOAT_CONFIG' : '';
    throw problem(file, error.why + hint);
  }
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
