import { ConfigError } from '../lib/config/config-error.js';
import { SettingsSource } from '../lib/config/settings-source.js';
import { runOperator } from '../operator/main.js';
import { leaseFlag, resyncFlag } from './flags.js';
import { durationOf, keepHeapSmall, stopSignal } from './long-running.js';
import { parseSettingsFlags, withSettingsFlags } from './settings.js';
import { describeFlags, UsageError } from './usage.js';

/** `runboat operator`: runs until SIGTERM or SIGINT. */
export async function run(args: string[]): Promise<number> {
  const flags = withSettingsFlags([resyncFlag, leaseFlag]);
  const { help, words, flags: given, load } = parseSettingsFlags(args, flags);
  if (help) {
    process.stdout.write(describeFlags('runboat operator [OPTIONS]', flags));
    return 0;
  }
  if (words.length > 0) throw new UsageError(`runboat operator takes no argument such as "${words[0]}".`);
  const resyncMs = durationOf('resync', given, { least: 100, usual: 5 * 60_000 });
  const leaseMs = durationOf('lease-duration', given, { least: 1_000, usual: 12_000 });
  try {
    const source = new SettingsSource({ ...load, process: 'operator' });
    keepHeapSmall();
    await runOperator({ source, resyncMs, leaseMs, signal: stopSignal() });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}
