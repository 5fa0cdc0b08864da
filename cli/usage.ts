import { parseArgs } from 'node:util';

/** The command was called in a way that it does not know: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** The environment variable that stands for the flag when it is not given. */
  readonly env: string;
  /** What stands for its value in the help; a flag without one is given or not, and `true` when it is. */
  readonly value?: string;
  readonly help: string;
}

export interface Parsed {
  readonly help: boolean;
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | undefined>>;
}

/** The flags of a command; the environment stands in for those not given. Throws UsageError. */
export function parseFlags(args: readonly string[], flags: readonly Flag[], env = process.env): Parsed {
  const options = Object.fromEntries(
    flags.map(({ name, short, value }) => {
      const type = value === undefined ? ('boolean' as const) : ('string' as const);
      return [name, { type, ...(short ? { short } : {}) }];
    }),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    const given = values as Record<string, string | boolean | undefined>;
    const resolved = flags.map(({ name, env: variable }) => [
      name,
      given[name]?.toString() ?? (env[variable] || undefined),
    ]);
    return { help: values['help'] === true, words: positionals, flags: Object.fromEntries(resolved) };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The help text of a command. */
export function describeFlags(usage: string, flags: readonly Flag[]): string {
  const lines = flags.map(({ name, short, value, env, help }) => {
    const spelling = `${short ? `-${short}, ` : ''}--${name}${value === undefined ? '' : ` ${value}`}`;
    return `  ${spelling.padEnd(24)} ${help} (${env})`;
  });
  return `Usage: ${usage}\n\nOptions:\n${lines.join('\n')}\n`;
}
