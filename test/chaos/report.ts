import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { repositoryRoot } from '../cluster/paths.js';
import type { Outcome } from './campaign.js';

/** What has come of a campaign, in Markdown. */
export function reportOf(outcome: Outcome, { seed, slowness }: { seed: string; slowness: number }): string {
  const { failures, happened, scenarios, builds, writes, takeovers, faults, slowest } = outcome;
  const kinds = [...happened].sort(([a], [b]) => a.localeCompare(b));
  const times = slowness === 1 ? '' : `, Leases and patience ${slowness} times the usual`;
  return [
    '# Fault campaign',
    '',
    `${new Date().toISOString().slice(0, 10)}, seed \`${seed}\`, commit \`${commit()}\`, ${machine()}${times}.`,
    '',
    `${faults} faults in ${scenarios} scenarios with ${builds} builds, ${writes} writes and ${takeovers} takeovers;`,
    `everything was as desired ${slowest} s after the end of the faults at the latest; ${failures.length} scenarios failed.`,
    '',
    '| fault | times |',
    '|---|---|',
    ...kinds.map(([name, count]) => `| ${name} | ${count} |`),
    ...failures.flatMap(({ case: { name }, problems }) => [
      '',
      `FAILED ${name}: ${problems.join('; ')}`,
      `Again: \`RUNBOAT_CHAOS_SEED=${seed} RUNBOAT_CHAOS_ONLY=${name} make chaos\``,
    ]),
    '',
  ].join('\n');
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  }).trim();
}

function machine(): string {
  const [load = 0] = os.loadavg();
  return `${os.availableParallelism()} cores with a load of ${load.toFixed(0)} at the end`;
}
