import { UsageError } from './usage.js';
import { packageVersion } from './version.js';

interface Command {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ run: (args: string[]) => Promise<number> }>;
}

const commands: readonly Command[] = [
  { name: 'operator', summary: 'run the operator', load: () => import('./operator.js') },
  {
    name: 'gateway',
    summary: 'run the gateway: REST, events, webhooks and pages',
    load: () => import('./gateway.js'),
  },
  {
    name: 'render',
    summary: 'print what a bundle renders for a build in one mode',
    load: () => import('./render.js'),
  },
  {
    name: 'config',
    summary: 'config check: find everything wrong with configuration and bundles',
    load: () => import('./config.js'),
  },
  {
    name: 'adopt',
    summary: 'make builds of the deployments of a Python runboat',
    load: () => import('./adopt.js'),
  },
  {
    name: 'convert-bundle',
    summary: 'turn a folder with kustomization.yaml.jinja into a bundle',
    load: () => import('./convert-bundle.js'),
  },
  {
    name: 'check-install',
    summary: 'make a build through a gateway, to see that an installation works',
    load: () => import('./check-install.js'),
  },
];

/** Runs a subcommand and sets the exit code: 0, 1 failed, 2 wrong usage or configuration. */
export async function main(args: readonly string[]): Promise<void> {
  process.exitCode = await dispatch(args);
}

async function dispatch([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const wanted = name !== undefined;
    (wanted ? process.stdout : process.stderr).write(help());
    return wanted ? 0 : 2;
  }
  if (name === 'version' || name === '--version') {
    process.stdout.write(`runboat ${packageVersion()}\n`);
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) return complain(`There is no command "${name}".`);
  try {
    const { run } = await command.load();
    return await run(rest);
  } catch (error) {
    if (error instanceof UsageError) return complain(error.message);
    process.stderr.write(
      `runboat ${name} failed: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
}

function complain(sentence: string): number {
  process.stderr.write(`${sentence}\n\n${help()}`);
  return 2;
}

function help(): string {
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join('\n');
  return `Usage: runboat COMMAND [OPTIONS]\n\nCommands:\n${list}\n\nrunboat COMMAND --help tells the options of a command, runboat --version the version.\n`;
}
