import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigProblem } from './config-error.js';
import { isTree } from './draft.js';
import type { PathBundle } from './path-bundles.js';
import { joinPath } from './paths.js';

const TEMPLATE = 'kustomization.yaml.hbs';
const OLD_TEMPLATE = 'kustomization.yaml.jinja';

export interface BundleSources {
  /** Name to folder, as `bundles` says; what is no folder's name is left to the schema. */
  readonly entries: unknown;
  /** Where relative folders of `entries` start. */
  readonly base: string;
  readonly pathBundles: readonly PathBundle[];
  /** The folder of the built-in bundles. */
  readonly builtIn: string;
  /** Whether the folders are looked at: a process that renders nothing may not have them. */
  readonly needed: boolean;
}

export interface ResolvedBundles {
  /** Name to absolute folder. */
  readonly bundles: Readonly<Record<string, string>>;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

interface Claim {
  readonly name: string;
  readonly folder: string;
  readonly source: string;
}

/** Puts built-in, named and path bundles together; of the same name, those of the configuration win. */
export function resolveBundles(sources: BundleSources): ResolvedBundles {
  const builtIn = findBuiltIn(sources.builtIn);
  const claims = [...namedClaims(sources), ...sources.pathBundles];
  const found = new Map<string, Claim>();
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  for (const claim of claims) {
    const other = found.get(claim.name);
    if (other === undefined) {
      found.set(claim.name, claim);
      if (sources.needed) problems.push(...checkFolder(claim));
      if (isPathOverBuiltIn(claim, sources, builtIn)) warnings.push(overBuiltIn(claim));
    } else if (other.folder !== claim.folder) {
      problems.push({ path: claim.source, message: conflict(claim, other) });
    }
  }
  const own = [...found.values()].map(({ name, folder }) => [name, folder] as const);
  return { bundles: Object.fromEntries([...Object.entries(builtIn), ...own]), problems, warnings };
}

/** The `kubefiles` folder of this package, from the source and from the compiled code alike. */
export function builtInFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, 'kubefiles');
}

function findBuiltIn(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, TEMPLATE)));
  return Object.fromEntries(names.sort().map((name) => [name, join(folder, name)]));
}

function namedClaims({ entries, base }: BundleSources): Claim[] {
  if (!isTree(entries)) return [];
  return Object.entries(entries).flatMap(([name, folder]) =>
    typeof folder === 'string' && folder !== ''
      ? [{ name, folder: resolve(base, folder), source: joinPath('bundles', name) }]
      : [],
  );
}

function checkFolder({ folder, source }: Claim): ConfigProblem[] {
  const message = folderMessage(folder);
  return message === undefined ? [] : [{ path: source, message }];
}

function folderMessage(folder: string): string | undefined {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return `the folder ${folder} does not exist; create it, or correct the path`;
  if (!found.isDirectory()) return `${folder} is not a folder; a bundle is a folder with ${TEMPLATE}`;
  if (existsSync(join(folder, OLD_TEMPLATE)) && !existsSync(join(folder, TEMPLATE)))
    return conversion(folder);
  return undefined;
}

function conversion(folder: string): string {
  return `${folder} has ${OLD_TEMPLATE}, a Jinja template, which is not rendered any more; convert it once: runboat convert-bundle ${folder}`;
}

function isPathOverBuiltIn(claim: Claim, sources: BundleSources, builtIn: Record<string, string>): boolean {
  return (
    sources.pathBundles.some(({ name }) => name === claim.name) &&
    (builtIn[claim.name] ?? claim.folder) !== claim.folder
  );
}

function overBuiltIn({ name, folder, source }: Claim): string {
  return `${source}: the bundle \`${name}\` in ${folder} takes the place of the built-in one of that name in every rule`;
}

function conflict({ name, folder }: Claim, other: Claim): string {
  return `a bundle is named after its last folder, or its last two, and ${folder} and ${other.folder} (${other.source}) would both be \`${name}\`; rename one of the folders`;
}
