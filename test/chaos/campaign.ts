import type { Cluster } from '../cluster/control-plane.js';
import type { Case } from './cases.js';
import { runScenario, type ScenarioOptions, type ScenarioReport } from './scenario.js';

export interface CampaignOptions {
  readonly cluster: Cluster;
  readonly program: string;
  /** See ScenarioOptions. */
  readonly slowness: number;
  /** How many scenarios run at once. */
  readonly parallel: number;
  readonly tell: (line: string) => void;
  /** Of every scenario, where they are not the usual ones. */
  readonly scenario?: Partial<ScenarioOptions>;
}

/** What has come of a campaign so far. */
export class Outcome {
  readonly happened = new Map<string, number>();
  readonly failures: { case: Case; problems: readonly string[] }[] = [];
  scenarios = 0;
  builds = 0;
  writes = 0;
  takeovers = 0;
  /** The longest time from the end of faults till everything was as desired, seconds. */
  slowest = 0;

  get faults(): number {
    return [...this.happened.values()].reduce((sum, count) => sum + count, 0);
  }

  /** What a program reads of it. */
  get figures(): Record<string, unknown> {
    const { scenarios, builds, writes, takeovers, faults, slowest, failures } = this;
    const kinds = Object.fromEntries([...this.happened].sort(([a], [b]) => a.localeCompare(b)));
    return { scenarios, builds, writes, takeovers, faults, slowest, kinds, failures };
  }

  add(subject: Case, report: ScenarioReport): void {
    this.scenarios++;
    this.builds += report.builds;
    this.writes += report.writes;
    this.takeovers += report.takeovers;
    this.slowest = Math.max(this.slowest, report.seconds['settle'] ?? 0);
    for (const [name, count] of report.happened) this.count(name, count);
    if (report.problems.length > 0) this.failures.push({ case: subject, problems: report.problems });
  }

  count(name: string, count: number): void {
    this.happened.set(name, (this.happened.get(name) ?? 0) + count);
  }
}

/** Runs cases, several at once, until there are no more or enough has happened. */
export async function runCases(
  cases: Iterator<Case>,
  outcome: Outcome,
  options: CampaignOptions,
  enough: () => boolean = () => false,
): Promise<void> {
  const worker = async () => {
    while (!enough()) {
      const { value, done } = cases.next();
      if (done) return;
      await runCase(value, outcome, options);
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
}

async function runCase(subject: Case, outcome: Outcome, options: CampaignOptions): Promise<void> {
  const { cluster, program, slowness, tell, scenario = {} } = options;
  const { name: namespace, ...rest } = subject;
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const report = await runScenario({
    cluster,
    program,
    slowness,
    namespace,
    ...rest,
    log,
    ...scenario,
  });
  outcome.add(subject, report);
  const verdict = report.problems.length === 0 ? 'ok' : `FAILED ${report.problems.join('; ')}`;
  const faults = [...report.happened.values()].reduce((sum, count) => sum + count, 0);
  tell(
    `${namespace}: ${faults} faults, ${report.writes} writes, ${timesOf(report)}, ` +
      `${outcome.faults} faults in all: ${verdict}`,
  );
  if (report.problems.length > 0) for (const line of lines) tell(line.slice(0, 8_000));
}

function timesOf({ seconds: { all, ...steps } }: ScenarioReport): string {
  const parts = Object.entries(steps).map(([step, seconds]) => `${step} ${seconds}`);
  return `${all} s (${parts.join(', ')})`;
}
