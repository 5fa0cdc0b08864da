import { readFileSync } from 'node:fs';
import { describe, expect, it, jest } from '@jest/globals';
import { configOf, runboat, temporaryFile } from './run-command.js';

jest.setTimeout(60_000);

const build = 'docs/examples/build.yaml';
const config = temporaryFile('config.yaml', configOf('webpage'));

describe('wrong usage ends with code 2, a sentence and the way to help', () => {
  it.each<[string, string[], string]>([
    ['no command', [], 'Usage: runboat COMMAND'],
    ['an unknown command', ['start'], 'There is no command "start".'],
    ['an unknown option', ['operator', '--confg', config], "Unknown option '--confg'"],
    ['an option without its value', ['operator', '--config'], "'--config <value>' argument missing"],
    ['an argument that the operator does not take', ['operator', 'now'], 'takes no argument such as "now"'],
    ['a duration that is none', ['operator', '--config', config, '--resync', 'soon'], '"soon" is none'],
    ['a duration of nothing', ['operator', '--config', config, '--resync', '0s'], 'at least 100 ms'],
    ['render without a mode', ['render', '-f', build], '--mode wants one of deployment, initialize'],
    ['render in a mode that is none', ['render', '--mode', 'run', '-f', build], 'cleanup, not "run".'],
    ['render without a file', ['render', '--mode', 'start', '--config', config], '-f wants a file'],
    [
      'render of a file that is not there',
      ['render', '--mode', 'start', '--config', config, '-f', '/no/such.yaml'],
      '/no/such.yaml cannot be read',
    ],
    [
      'render of something else than a build',
      ['render', '--mode', 'start', '--config', config, '-f', config],
      'does not hold a RunboatBuild',
    ],
    ['config without its verb', ['config'], 'There is only "runboat config check".'],
  ])('%s', async (_title, args, words) => {
    const { code, stdout, stderr } = await runboat(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(words);
    expect(stderr).toContain('runboat COMMAND --help');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

it.each([['--help'], ['help'], ['operator', '--help'], ['render', '-h'], ['config', '--help']])(
  'help is printed to standard output and is no failure: runboat %s %s',
  async (...args) => {
    const { code, stdout, stderr } = await runboat(args.filter((word) => word !== undefined));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: runboat /);
  },
);

it.each([['--version'], ['version']])('the version is one line: runboat %s', async (word) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(await runboat([word])).toMatchObject({ code: 0, stdout: `runboat ${version}\n`, stderr: '' });
});

it('every flag has a variable of the environment that stands for it, and the flag wins', async () => {
  const env = { RUNBOAT_CONFIG: config, RUNBOAT_MODE: 'initialize', RUNBOAT_FILE: build };
  const byEnvironment = await runboat(['render'], { env });
  expect({ code: byEnvironment.code, stderr: byEnvironment.stderr }).toEqual({ code: 0, stderr: '' });
  expect(byEnvironment.stdout).toContain('kind: Job');
  const byFlag = await runboat(['render', '--mode', 'start'], { env });
  expect(byFlag.stdout).not.toContain('kind: Job');
});

describe('a wrong configuration', () => {
  const wrong = temporaryFile('wrong.yaml', {
    domain: 'not a domain',
    repos: [
      { repo: '^oca/(.*', branch: '.*', image: 'x', kubefiles: 'nowhere' },
      { repo: 'a', branch: 'b', colour: 'red' },
    ],
    limits: { initializing: -1, startd: 6 },
    timeouts: { initialize: 'long' },
    bundles: { gone: './no/such/folder' },
  });
  const all = [
    'namespace: is required',
    'domain: ',
    'repos[0].repo: ',
    'repos[1].image: is required',
    'repos[1].colour: ',
    'limits.initializing: ',
    'limits.startd: ',
    'timeouts.initialize: ',
    'bundles.gone: ',
  ];

  it.each([
    ['config check', ['config', 'check']],
    ['operator', ['operator']],
    ['render', ['render', '--mode', 'start', '-f', build]],
  ])('ends %s with code 2 and every error at once, each with its path', async (_title, args) => {
    const { code, stdout, stderr } = await runboat([...args, '--config', wrong], {
      env: { KUBECONFIG: '/no/such/kubeconfig' },
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const path of all) expect(stderr).toContain(`\n  ${path}`);
    expect(stderr).not.toContain('kubeconfig');
  });

  it.each<[string, string, string]>([
    ['is not there', '/no/such/config.yaml', 'there is no such file; check --config and RUNBOAT_CONFIG'],
    ['is not YAML', temporaryFile('no.yaml', 'repos: [\n'), 'no.yaml'],
    ['is empty', temporaryFile('empty.yaml', ''), 'namespace: is required'],
    ['is a list', temporaryFile('list.yaml', '- a\n- b\n'), 'list.yaml'],
  ])('that %s is said with its name and ends with code 2', async (_title, file, words) => {
    const { code, stderr } = await runboat(['config', 'check', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('names the variable of the environment from which a wrong value came', async () => {
    const env = { RUNBOAT_MAX_STARTED: 'many', RUNBOAT_METRICS_PORT: '99999' };
    const { code, stderr } = await runboat(['config', 'check', '--config', config], { env });
    expect(code).toBe(2);
    expect(stderr).toContain('RUNBOAT_MAX_STARTED: ');
    expect(stderr).toContain('RUNBOAT_METRICS_PORT: ');
  });
});

describe('config check', () => {
  it.each(['odoo', 'webpage'])('finds a configuration with the built-in bundle %s in order', async (name) => {
    const file = temporaryFile(`good-${name}.yaml`, configOf(name));
    const { code, stdout, stderr } = await runboat(['config', 'check', '--config', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('The configuration and its bundles are in order.\n');
  });
});
