import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { run as gateway } from '../../../cli/gateway.js';
import { run as operator } from '../../../cli/operator.js';
import { FilesRead } from '../../../lib/config/files-read.js';
import { loadConfig } from '../../../lib/config/load.js';
import { mergeEnvironment } from '../../../lib/config/merged-environment.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { imageSettings } from '../../image/contents.js';

interface Service {
  readonly extends?: { readonly service: string };
  readonly image: string;
  readonly command: string[];
  readonly volumes: { readonly target: string; readonly read_only?: boolean; readonly bind?: object }[];
  readonly ports?: string[];
  readonly healthcheck: { readonly test: string[] };
}

const read = (file: string) => readFileSync(path.join(repositoryRoot, file), 'utf8');
const compose = read('compose.yaml');
const written = (load(compose) as { services: Record<string, Service> }).services;
const services = Object.fromEntries(
  Object.entries(written).map(([name, service]) => [
    name,
    { ...written[service.extends?.service ?? name], ...service } as Service,
  ]),
);
const example = read('.env.example');
/** With all that is only proposed switched on. */
const everything = example.replace(/^#(?=[A-Z_]+=)/gm, '');
const commands: Record<string, (args: string[]) => Promise<number>> = { operator, gateway };

class OneFile extends FilesRead {
  constructor(private readonly text: string) {
    super();
  }

  override read(): string {
    return this.text;
  }
}

describe('compose.yaml', () => {
  it('runs the operator and the gateway, and nothing else', () => {
    expect(Object.keys(services)).toEqual(['operator', 'gateway']);
  });

  it.each(Object.entries(services))('gives %s flags that it has', async (name, { command }) => {
    const [subcommand, ...args] = command;
    expect(subcommand).toBe(name);
    expect(await commands[name]?.([...args, '--help'])).toBe(0);
  });

  it.each(Object.entries(services))('mounts for %s the files that it is told of', (_name, service) => {
    const mounted = service.volumes.map(({ target }) => target);
    expect(mounted).toContain(service.command[service.command.indexOf('--env-file') + 1]);
    expect(mounted).toContain('/etc/runboat/kubeconfig');
  });

  it('only reads what it mounts, and makes no folder in the place of a file that is missing', () => {
    for (const volume of Object.values(services).flatMap(({ volumes }) => volumes))
      expect(volume).toMatchObject({ read_only: true, bind: { create_host_path: false } });
  });

  it('takes the image of this version and has the gateway on port 8000', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(services['operator']?.image).toContain(`:-runboat:${version}}`);
    expect(services['gateway']?.ports).toEqual(['8000:8000']);
  });

  it('asks for readiness with a program that the image has', () => {
    const [kind, program, flag, script = ''] = services['operator']?.healthcheck.test ?? [];
    expect([kind, program, flag]).toEqual(['CMD', imageSettings.Entrypoint[0], '-e']);
    expect(script).toContain('/readyz');
    expect(() => new Script(script)).not.toThrow();
  });

  it('has variables of its own that the example shows and that are not taken for settings', () => {
    const names = [...compose.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
    expect(names.filter((name) => name.startsWith('RUNBOAT_'))).toEqual([]);
    const { env } = mergeEnvironment({ env: {}, envFile: '.env' }, new OneFile(everything));
    expect(names.filter((name) => env[name] === undefined)).toEqual([]);
  });
});

describe('.env.example', () => {
  it.each([
    ['as it is', example],
    ['with all that it proposes', everything],
  ])('%s is understood by both processes without a warning', (_title, text) => {
    for (const process of ['operator', 'gateway'] as const) {
      const files = new OneFile(text);
      const { config, warnings } = loadConfig({ env: {}, envFile: '.env', process, files });
      expect(warnings).toEqual([]);
      expect(config.repos.map(({ branch }) => branch.source)).toEqual(
        expect.arrayContaining([expect.stringContaining('16\\.0')]),
      );
    }
  });
});
