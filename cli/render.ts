import { readFileSync } from 'node:fs';
import { load as parseYaml } from 'js-yaml';
import type { RunboatBuild } from '../crds/runboatbuild.generated.js';
import { ConfigError } from '../lib/config/config-error.js';
import { loadConfig } from '../lib/config/load.js';
import type { Config } from '../lib/config/types.js';
import type { BuildView } from '../operator/plan/observed.js';
import { loadBundle } from '../operator/render/bundle.js';
import { offlineKinds } from '../operator/render/kinds.js';
import { leftOut } from '../operator/render/left-out.js';
import { toYaml } from '../operator/render/output.js';
import { Renderer } from '../operator/render/renderer.js';
import { BundleInvalid, MODES, type Mode } from '../operator/render/types.js';
import { BuildRefused, bundleMissing, renderInputOf, resolveSettings } from '../operator/settings.js';
import { fileFlag, modeFlag } from './flags.js';
import { parseSettingsFlags, withSettingsFlags } from './settings.js';
import { describeFlags, UsageError } from './usage.js';

/** `runboat render`: prints the resources of one mode of a build, as its bundle makes them. */
export async function run(args: string[]): Promise<number> {
  const known = withSettingsFlags([modeFlag, fileFlag]);
  const { help, words, flags, load } = parseSettingsFlags(args, known);
  if (help) {
    process.stdout.write(describeFlags('runboat render --mode MODE -f FILE [OPTIONS]', known));
    return 0;
  }
  if (words.length > 0) throw new UsageError(`runboat render takes no argument such as "${words[0]}".`);
  const mode = modeOf(flags['mode']);
  try {
    const { config, warnings } = loadConfig({ ...load, process: 'operator' });
    for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`);
    process.stdout.write(await renderBuild(config, mode, readBuild(flags['file'], config.namespace)));
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error.message, 2);
    if (error instanceof BuildRefused || error instanceof BundleInvalid) return refuse(error.message, 1);
    throw error;
  }
}

function refuse(message: string, code: number): number {
  process.stderr.write(`${message}\n`);
  return code;
}

function modeOf(text: string | undefined): Mode {
  const mode = MODES.find((candidate) => candidate === text);
  if (mode) return mode;
  throw new UsageError(`--mode wants one of ${MODES.join(', ')}${text ? `, not "${text}"` : ''}.`);
}

function readBuild(file: string | undefined, namespace: string): BuildView {
  if (file === undefined) throw new UsageError('-f wants a file with a RunboatBuild.');
  const parsed = parseBuild(file);
  const { spec, metadata } = parsed;
  if (
    parsed.kind !== 'RunboatBuild' ||
    typeof metadata?.name !== 'string' ||
    typeof spec?.repo !== 'string'
  ) {
    throw new UsageError(`${file} does not hold a RunboatBuild with a name and a spec.`);
  }
  if (typeof spec.targetBranch !== 'string' || typeof spec.commit !== 'string') {
    throw new UsageError(`The build in ${file} needs spec.targetBranch and spec.commit as text.`);
  }
  const stand = { uid: '', resourceVersion: '', generation: 1, creationTimestamp: '' };
  return { spec, metadata: { ...stand, name: metadata.name, namespace } } as BuildView;
}

function parseBuild(file: string): RunboatBuild {
  try {
    return (parseYaml(readFileSync(file === '-' ? 0 : file, 'utf8')) ?? {}) as RunboatBuild;
  } catch (error) {
    throw new UsageError(
      `${file} cannot be read: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    );
  }
}

async function renderBuild(config: Config, mode: Mode, build: BuildView): Promise<string> {
  const settings = resolveSettings(config, build, undefined);
  const folder = config.bundles[settings.kubefiles];
  if (folder === undefined) throw bundleMissing(settings.kubefiles);
  const bundle = await loadBundle(settings.kubefiles, folder);
  const renderer = new Renderer({ allowed: offlineKinds(config.resourceTypes) });
  const resources = await renderer.render(bundle, mode, renderInputOf(build, settings));
  for (const sentence of leftOut(resources)) process.stderr.write(`Warning: ${sentence}\n`);
  return toYaml(resources);
}
