import { runGateway } from '../gateway/main.js';
import { ConfigError } from '../lib/config/config-error.js';
import { loadConfig } from '../lib/config/load.js';
import { configFlag, flagVariables, resyncFlag } from './flags.js';
import { durationOf, stopSignal } from './long-running.js';
import { describeFlags, parseFlags, UsageError } from './usage.js';

/** `runboat gateway`: runs until SIGTERM or SIGINT. */
export async function run(args: string[]): Promise<number> {
  const flags = [configFlag, resyncFlag];
  const { help, words, flags: given } = parseFlags(args, flags);
  if (help) {
    process.stdout.write(describeFlags('runboat gateway [OPTIONS]', flags));
    return 0;
  }
  if (words.length > 0) throw new UsageError(`runboat gateway takes no argument such as "${words[0]}".`);
  const resyncMs = durationOf('resync', given, { least: 100, usual: 5 * 60_000 });
  try {
    const { config, warnings } = loadConfig({
      file: given['config'],
      env: process.env,
      process: 'gateway',
      knownVariables: flagVariables,
    });
    await runGateway({ config, warnings, resyncMs, signal: stopSignal() });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}
