import { TemplateMistake, type TokenTable } from './tokens.js';
import type { Mode, RenderInput, TemplateVar } from './types.js';

/** The parts of an image reference; the tag is `latest` when there is none, the digest empty. */
export interface ImageParts {
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
}

/** Splits `registry:5000/team/app:tag@sha256:...`; the tag is what follows the last `:` behind the last `/`. */
export function splitImage(image: string): ImageParts {
  const at = image.indexOf('@');
  const reference = at < 0 ? image : image.slice(0, at);
  const digest = at < 0 ? '' : image.slice(at + 1);
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/')) return { name: reference, tag: 'latest', digest };
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) || 'latest', digest };
}

/**
 * What templates see of a build: frozen maps of opaque tokens, names in snake case as kubefiles use them.
 * Throws TemplateMistake for a key or value that is not well-formed Unicode.
 */
export function buildContext(table: TokenTable, mode: Mode, input: RenderInput): object {
  const { commitInfo } = input;
  const image = splitImage(input.image);
  const leaf = (name: string, value: string) =>
    [name.slice(name.lastIndexOf('.') + 1), opaqueText(table, name, value)] as const;
  const commit = table.map('commit_info', [
    leaf('commit_info.repo', commitInfo.repo),
    leaf('commit_info.target_branch', commitInfo.targetBranch),
    leaf('commit_info.pr', commitInfo.pr === null ? '' : String(commitInfo.pr)),
    leaf('commit_info.git_commit', commitInfo.gitCommit),
  ]);
  return table.map('the context', [
    leaf('mode', mode),
    leaf('namespace', input.namespace),
    leaf('build_name', input.buildName),
    leaf('build_slug', input.buildSlug),
    leaf('build_domain', input.buildDomain),
    leaf('database_prefix', input.databasePrefix),
    ['commit_info', commit],
    leaf('image_name', image.name),
    leaf('image_tag', image.tag),
    leaf('image_digest', image.digest),
    ['build_env', userMap(table, 'build_env', input.env)],
    ['build_secret_env', userMap(table, 'build_secret_env', input.secretEnv)],
    ['build_template_vars', userMap(table, 'build_template_vars', input.templateVars)],
  ]);
}

// Sorted, so that the order in which somebody wrote the entries is no part of the shape.
function userMap(table: TokenTable, name: string, values: Readonly<Record<string, TemplateVar>>): object {
  const entries = Object.keys(values)
    .sort()
    .map((key) => {
      assertWellFormed(key, `a key of ${name}`);
      const raw = values[key] as TemplateVar;
      const leafName = `${name}.${key}`;
      const value = String(raw);
      assertWellFormed(value, leafName);
      return [key, table.opaque({ name: leafName, value, raw, domain: `${name} value` })] as const;
    });
  return table.map(name, entries);
}

function opaqueText(table: TokenTable, name: string, value: string): object {
  assertWellFormed(value, name);
  return table.opaque({ name, value, raw: value, domain: name });
}

function assertWellFormed(text: string, what: string): void {
  if (!/\p{Surrogate}/u.test(text)) return;
  throw new TemplateMistake(
    `${what} is not well-formed Unicode (it has half of a surrogate pair); correct the value.`,
  );
}
