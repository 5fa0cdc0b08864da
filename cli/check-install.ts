import { ConfigError } from '../lib/config/config-error.js';
import { loadConfig } from '../lib/config/load.js';
import { Broken } from './check-install/broken.js';
import { checkInstallation } from './check-install/steps.js';
import { addressFlag, repoFlag, timeoutFlag } from './flags.js';
import { durationOf } from './long-running.js';
import { parseSettingsFlags, withSettingsFlags } from './settings.js';
import { describeFlags, UsageError } from './usage.js';

/**
 * `runboat check-install`: makes a build through the gateway as GitHub would, starts it and removes it. Exit code 1,
 * with the name of the part that is broken, when something of that fails.
 */
export async function run(args: string[]): Promise<number> {
  const flags = withSettingsFlags([addressFlag, repoFlag, timeoutFlag]);
  const { help, words, flags: given, load } = parseSettingsFlags(args, flags);
  if (help) {
    process.stdout.write(describeFlags('runboat check-install [OPTIONS]', flags));
    return 0;
  }
  const { address, repo } = given;
  if (words.length > 0 || !address || !repo)
    throw new UsageError('runboat check-install wants --address and --repo, and no other arguments.');
  const patienceMs = durationOf(timeoutFlag.name, given, { least: 1_000, usual: 120_000 });
  try {
    const { config } = loadConfig({ ...load, process: 'gateway' });
    const tell = (line: string) => process.stdout.write(`${line}\n`);
    await checkInstallation({ config, address: address.replace(/\/$/, ''), repo, patienceMs, tell });
    return 0;
  } catch (error) {
    if (!(error instanceof Broken || error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error instanceof Broken ? 1 : 2;
  }
}
