import { spawn } from 'node:child_process';

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Written to standard input, which is empty without it. */
  input?: string | undefined;
}

/** Runs a program to its end and gives its standard output. Throws, with its standard error, if it fails. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  // A program that ends without reading its input breaks the pipe; its exit code tells what happened.
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  if (ended !== '0')
    throw new CommandError(`${program} ${args.join(' ')}`, ended, output.stderr || output.stdout);
  return output.stdout;
}

export class CommandError extends Error {
  constructor(
    command: string,
    readonly ended: string,
    readonly stderr: string,
  ) {
    super(`"${command}" ended with ${ended}: ${stderr.trim().slice(-4000)}`);
    this.name = 'CommandError';
  }
}
