import { runGateway } from '../gateway/main.js';
import { ConfigError } from '../lib/config/config-error.js';
import { SettingsSource } from '../lib/config/settings-source.js';
import { resyncFlag } from './flags.js';
import { durationOf, keepHeapSmall, stopSignal } from './long-running.js';
import { parseSettingsFlags, withSettingsFlags } from './settings.js';
import { describeFlags, UsageError } from './usage.js';

/** `runboat gateway`: runs until SIGTERM or SIGINT. */
export async function run(args: string[]): Promise<number> {
  const flags = withSettingsFlags([resyncFlag]);
  const { help, words, flags: given, load } = parseSettingsFlags(args, flags);
  if (help) {
    process.stdout.write(describeFlags('runboat gateway [OPTIONS]', flags));
    return 0;
  }
  if (words.length > 0) throw new UsageError(`runboat gateway takes no argument such as "${words[0]}".`);
  const resyncMs = durationOf('resync', given, { least: 100, usual: 5 * 60_000 });
  try {
    const source = new SettingsSource({ ...load, process: 'gateway' });
    keepHeapSmall();
    await runGateway({ source, resyncMs, signal: stopSignal() });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}
