// Commands that a page of the documentation shows, for tests that run them.
import { randomBytes } from 'node:crypto';
import { runCommand } from '../cluster/command.js';
import { repositoryRoot } from '../cluster/paths.js';

export interface Step {
  readonly command: string;
  /** What the page shows of its output; none: anything is right. */
  readonly shown: readonly string[];
}

export interface Outcome extends Step {
  readonly code: number;
  /** Standard output and error, line by line. */
  readonly lines: readonly string[];
}

/** Texts of the fenced blocks of a language in a page, or in its part below a heading. */
export function blocksOf(page: string, language: string, heading?: string): string[] {
  const from = heading === undefined ? 0 : page.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`The page has no heading "${heading}".`);
  const fence = /^( *)```(\w+)\n(.*?)^\1```$/gms;
  return [...page.slice(from).matchAll(fence)]
    .filter(([, , found]) => found === language)
    .map(([, indent = '', , text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** Commands of a `console` block, each behind `$ `, with what is shown below them. */
export function stepsOf(block: string): Step[] {
  const parts = block.split(/^\$ /m).slice(1);
  return parts.map((part) => {
    const [command = '', ...shown] = part.split('\n');
    return { command, shown: shown.filter((line) => line.trim() !== '') };
  });
}

/** Runs commands one after the other in one bash, in the folder of the repository. */
export async function runSteps(
  steps: readonly Step[],
  env: Record<string, string | undefined>,
): Promise<Outcome[]> {
  const mark = `end-${randomBytes(8).toString('hex')}`;
  const script = steps.map(({ command }) => `${command}\nprintf '\\n${mark} %s\\n' "$?"`).join('\n');
  const options = { env: { ...process.env, ...env }, cwd: repositoryRoot };
  const output = await runCommand('bash', ['-c', `exec 2>&1\n${script}`], options);
  const pieces = output.split(new RegExp(`^${mark} (\\d+)\\n`, 'm'));
  return steps.map((step, index) => ({
    ...step,
    lines: (pieces[2 * index] ?? '').split('\n').filter((line) => line.trim() !== ''),
    code: Number(pieces[2 * index + 1] ?? Number.NaN),
  }));
}

/** The lines that are shown and did not come, in this order. Widths of columns and times do not matter. */
export function missingLines({ shown, lines }: Outcome): string[] {
  const came = lines.map(loosely);
  let at = 0;
  return shown.filter((line) => {
    const found = came.indexOf(loosely(line), at);
    if (found >= 0) at = found + 1;
    return found < 0;
  });
}

function loosely(line: string): string {
  return line
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\b\d+s\b/g, 'Ns');
}
