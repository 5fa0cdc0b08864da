/** One thing that is wrong: the key's path (`repos[0].branch`) or the environment variable, and a sentence. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
  /** Something is not there; no mistake of its own where not all that was written could be read. */
  readonly isAbsence?: true;
}

/** More are counted and not listed. */
const MAX_LISTED = 50;

/** Everything that is wrong with a configuration, at once; `message` is for people, with one line a problem. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], file?: string) {
    super(formatProblems(problems, file));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function formatProblems(problems: readonly ConfigProblem[], file: string | undefined): string {
  const where = file === undefined ? '' : ` (${file} and the environment)`;
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const lines = problems.slice(0, MAX_LISTED).map(({ path, message }) => `  ${path}: ${message}`);
  if (problems.length > MAX_LISTED) lines.push(`  and ${problems.length - MAX_LISTED} more`);
  return [`The configuration${where} has ${count}:`, ...lines].join('\n');
}
