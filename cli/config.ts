import { checkBundles } from '../operator/render/check-bundles.js';
import { configuredBundles } from '../operator/render/configured-bundles.js';
import { offlineKinds } from '../operator/render/kinds.js';
import { Renderer } from '../operator/render/renderer.js';
import { checkConfiguration } from './config-check.js';
import { parseSettingsFlags, withSettingsFlags } from './settings.js';
import { describeFlags, UsageError } from './usage.js';

/** `runboat config check`: exit code 0 when all is well, 2 when something is wrong. */
export async function run(args: string[]): Promise<number> {
  const flags = withSettingsFlags([]);
  const { help, words, load } = parseSettingsFlags(args, flags);
  if (help) {
    process.stdout.write(describeFlags('runboat config check [OPTIONS]', flags));
    return 0;
  }
  if (words.length !== 1 || words[0] !== 'check')
    throw new UsageError('There is only "runboat config check".');
  const report = (message: string) => process.stderr.write(`${message}\n`);
  const config = checkConfiguration({ ...load, report });
  if (!config) return 2;
  const found = await checkBundles(
    configuredBundles(config),
    new Renderer({ allowed: offlineKinds(config.resourceTypes) }),
  );
  for (const { level, bundle, file, sentence } of found) {
    report(
      `${level === 'error' ? 'Error' : 'Warning'}: bundle ${bundle}${file ? `, ${file}` : ''}: ${sentence}`,
    );
  }
  if (found.some(({ level }) => level === 'error')) return 2;
  process.stdout.write('The configuration and its bundles are in order.\n');
  return 0;
}
