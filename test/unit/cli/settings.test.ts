import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { resyncFlag } from '../../../cli/flags.js';
import { parseSettingsFlags, withSettingsFlags } from '../../../cli/settings.js';
import { folderWith } from '../config/support.js';

const flags = withSettingsFlags([resyncFlag]);
const file = `${folderWith({ '.env': 'RUNBOAT_RESYNC=7s\nRUNBOAT_CONFIG=a.yaml\nKUBECONFIG=/k\nRUNBOAT_PAUSED=1\n' })}/.env`;

let before: NodeJS.ProcessEnv;
beforeEach(() => {
  before = { ...process.env };
  delete process.env['KUBECONFIG'];
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

describe('A .env file on the command line', () => {
  it('counts as the environment for flags, and for what is no setting of ours', () => {
    const { flags: given, load } = parseSettingsFlags(['--env-file', file], flags);
    expect(given).toMatchObject({ resync: '7s', config: 'a.yaml' });
    expect(load).toMatchObject({ envFile: file, file: 'a.yaml' });
    expect(process.env['KUBECONFIG']).toBe('/k');
    expect(process.env['RUNBOAT_PAUSED']).toBeUndefined();
  });

  it('loses to the environment and to flags', () => {
    process.env['RUNBOAT_RESYNC'] = '8s';
    process.env['KUBECONFIG'] = '/mine';
    const { flags: given } = parseSettingsFlags(['--env-file', file, '--config', 'b.yaml'], flags);
    expect(given).toMatchObject({ resync: '8s', config: 'b.yaml' });
    expect(process.env['KUBECONFIG']).toBe('/mine');
  });

  it('is not taken for the environment when Node.js has put it there, so that it can change', () => {
    process.env['RUNBOAT_PAUSED'] = '1';
    const { load } = parseSettingsFlags([`--env-file=${file}`], flags);
    expect(load.env).not.toHaveProperty('RUNBOAT_PAUSED');
  });

  it.each([
    ['is not there', '/nowhere/.env'],
    ['cannot be read', folderWith({})],
  ])('that %s is left to those who load the settings', (_title, unreadable) => {
    expect(parseSettingsFlags(['--env-file', unreadable], flags).load.envFile).toBe(unreadable);
  });
});
