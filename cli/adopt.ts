import { ConfigError } from '../lib/config/config-error.js';
import { loadConfig } from '../lib/config/load.js';
import type { Config } from '../lib/config/types.js';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import { discover } from '../lib/kube/discovery.js';
import { ApiError } from '../lib/kube/errors.js';
import { BuildRefused } from '../operator/settings.js';
import { kindTable } from '../operator/startup.js';
import { type AdoptionContext, adoptBuild, NotAdopted } from './adopt/adopt-build.js';
import type { OldBuild } from './adopt/old-build.js';
import { type Survey, survey } from './adopt/survey.js';
import { dryRunFlag, quietForFlag } from './flags.js';
import { durationOf } from './long-running.js';
import { parseSettingsFlags, withSettingsFlags } from './settings.js';
import { describeFlags, UsageError } from './usage.js';

const flags = withSettingsFlags([dryRunFlag, quietForFlag]);

/**
 * `runboat adopt`: makes builds of a Python runboat's deployments. 0 when all were adopted or would be, 1 when
 * some were not, 2 for a wrong configuration.
 */
export async function run(args: string[]): Promise<number> {
  const { help, words, flags: given, load } = parseSettingsFlags(args, flags);
  if (help) {
    process.stdout.write(describeFlags('runboat adopt [OPTIONS]', flags));
    return 0;
  }
  if (words.length > 0) throw new UsageError(`runboat adopt takes no argument such as "${words[0]}".`);
  const quietMs = durationOf('quiet-for', given, { least: 0, usual: 60_000 });
  try {
    const { config, warnings } = loadConfig({ ...load, process: 'operator' });
    for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`);
    return await connectAndAdopt(config, { quietMs, dryRun: given['dry-run'] === 'true' });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

async function connectAndAdopt(config: Config, options: Options): Promise<number> {
  const connection = await connect();
  try {
    const client = new KubeClient({ connection });
    const kinds = kindTable(config.resourceTypes, await discover(client));
    return await adopt({ client, config, kinds }, options);
  } finally {
    await connection.close();
  }
}

interface Options {
  /** Milliseconds since the last write of somebody else. */
  readonly quietMs: number;
  readonly dryRun: boolean;
}

async function adopt(context: AdoptionContext, { quietMs, dryRun }: Options): Promise<number> {
  const found = await survey(context);
  for (const { deployment, why } of found.unfit) say(`Deployment ${deployment} is left alone: ${why}`);
  const obstacle = obstacleTo(found, context.config.limits.deployed, quietMs);
  if (obstacle !== undefined) {
    process.stderr.write(`${obstacle}\n`);
    return 1;
  }
  let adopted = 0;
  for (const old of found.adoptable) if (await adoptOne(context, old, dryRun)) adopted++;
  say(
    `${dryRun ? 'Would adopt' : 'Adopted'} ${adopted} of ${found.adoptable.length + found.unfit.length} builds.`,
  );
  return adopted === found.adoptable.length && found.unfit.length === 0 ? 0 : 1;
}

/** Why nothing may be adopted now: two controllers must not manage one build, and limits delete builds. */
function obstacleTo({ adoptable, ownBuilds, lastWrite }: Survey, deployed: number, quietMs: number) {
  if (adoptable.length === 0) return undefined;
  const total = adoptable.length + ownBuilds;
  if (total > deployed)
    return `There would be ${total} builds, but limits.deployed is ${deployed}, so the oldest would be deleted at once. Raise the limit first.`;
  const quiet = lastWrite ? Date.now() - Date.parse(lastWrite.time) : Number.POSITIVE_INFINITY;
  if (!lastWrite || quiet >= quietMs) return undefined;
  const seconds = Math.max(0, Math.round(quiet / 1000));
  return `${lastWrite.object} was written ${seconds} s ago by "${lastWrite.manager}". Stop the Python runboat, for good, and try again when nobody has written for ${quietMs / 1000} s.`;
}

/** One that fails must not keep the others from being adopted; it can be repeated. */
async function adoptOne(context: AdoptionContext, old: OldBuild, dryRun: boolean): Promise<boolean> {
  const { repo, targetBranch, pr, commit, replicas } = old.spec;
  const source = `${repo} ${targetBranch}${pr ? ` #${pr}` : ''} ${commit.slice(0, 8)}`;
  const state = replicas === 1 ? 'started' : old.initStatus;
  try {
    if (!dryRun) await adoptBuild(context, old);
    say(`${dryRun ? 'Would adopt' : 'Adopted'} ${old.name}: ${source}, ${state}`);
    return true;
  } catch (error) {
    const isExpected =
      error instanceof NotAdopted || error instanceof BuildRefused || error instanceof ApiError;
    if (!isExpected) throw error;
    say(`${old.name} (${source}) was not adopted: ${error.message}`);
    return false;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
