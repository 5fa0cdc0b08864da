import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { CurrentSettings } from '../../../lib/config/current-settings.js';
import { followSettings } from '../../../lib/config/follow-settings.js';
import { SettingsSource } from '../../../lib/config/settings-source.js';
import { createLogger } from '../../../lib/telemetry/logger.js';
import { folderWith, load, MINIMAL_FILE } from './support.js';

/** Settings in a file that the test changes, and a secret in another one. */
function sourceWith(more = '') {
  const folder = folderWith({
    'runboat.yaml': MINIMAL_FILE + more,
    token: 'first\n',
    'built-in/odoo/kustomization.yaml.hbs': '',
  });
  const file = join(folder, 'runboat.yaml');
  const source = new SettingsSource({
    file,
    env: { RUNBOAT_GITHUB_TOKEN_FILE: join(folder, 'token') },
    process: 'operator',
    builtInFolder: join(folder, 'built-in'),
  });
  return { source, folder, write: (text: string) => writeFileSync(file, MINIMAL_FILE + text) };
}

const same = { type: 'same' };

describe('Settings that are read again', () => {
  it('come into force with what has changed, for those who hold the live ones too', () => {
    const { source, write } = sourceWith();
    const { live } = source.current;
    const first = source.current.get();
    const told: unknown[] = [];
    source.current.onChange((now, before) => told.push([now.limits.started, before.limits.started]));
    expect(source.look()).toEqual(same);
    write('limits: {started: 2}\nlog: {level: debug}\n');
    expect(source.look()).toEqual({
      type: 'accepted',
      changed: ['limits.started', 'log.level'],
      warnings: [],
    });
    expect(live.limits.started).toBe(2);
    expect({ ...live }).toEqual({ ...source.current.get() });
    expect(first.limits.started).toBe(6);
    expect(told).toEqual([[2, 6]]);
    expect(source.look()).toEqual(same);
  });

  it('are the same when a file was written anew with what it had', () => {
    const { source, write } = sourceWith();
    source.current.onChange(() => {
      throw new Error('nothing has changed');
    });
    write('');
    expect(source.look()).toEqual(same);
  });

  it('are refused with all reasons, told once, while the old ones stay', () => {
    const { source, write } = sourceWith('limits: {started: 3}\n');
    write('limits: {started: many}\nurlScheme: ftp\n');
    const look = source.look();
    expect(look).toMatchObject({ type: 'refused' });
    expect(look.type === 'refused' && look.problems.map(({ path }) => path)).toEqual([
      'urlScheme',
      'limits.started',
    ]);
    expect(source.look()).toEqual(same);
    expect(source.inOrder).toBe(false);
    expect(source.current.live.limits.started).toBe(3);
    write('limits: {started: many}\n');
    expect(source.look()).toMatchObject({ type: 'refused', problems: [{ path: 'limits.started' }] });
    write('limits: {started: 3}\n');
    expect(source.look()).toEqual({ type: 'accepted', changed: [], warnings: [] });
    expect(source.inOrder).toBe(true);
  });

  it.each([
    ['namespace: other', 'namespace', MINIMAL_FILE.replace('namespace: builds', 'namespace: other')],
    ['resourceTypes', 'resourceTypes', `${MINIMAL_FILE}resourceTypes: [pvc]`],
    ['http.port', 'http.port', `${MINIMAL_FILE}http: {port: 9000}`],
  ])('need a restart for another %s, beside all else that is wrong', (_what, path, text) => {
    const { source, folder } = sourceWith();
    writeFileSync(join(folder, 'runboat.yaml'), `${text}\nurlScheme: ftp\n`);
    const look = source.look();
    if (look.type !== 'refused') throw new Error('It was accepted.');
    expect(look.problems.map((problem) => problem.path).sort()).toEqual([path, 'urlScheme'].sort());
    expect(look.problems.find((problem) => problem.path === path)?.message).toContain(
      `restart needed: ${path}`,
    );
  });

  it('are refused for what the process objects to', () => {
    const { source, write } = sourceWith();
    write('paused: true\n');
    const problems = [{ path: 'paused', message: 'not now' }];
    expect(source.look(() => problems)).toEqual({ type: 'refused', problems });
    expect(source.current.live.paused).toBe(false);
    expect(source.look(() => [])).toMatchObject({ type: 'accepted', changed: ['paused'] });
  });

  it('are tried again when what was missing has come, though no file of theirs has changed', () => {
    const { source, folder, write } = sourceWith();
    write(`bundles: {own: ${join(folder, 'own')}}\n`);
    expect(source.look()).toMatchObject({ type: 'refused', problems: [{ path: 'bundles.own' }] });
    mkdirSync(join(folder, 'own'));
    expect(source.look()).toMatchObject({ type: 'accepted', changed: ['bundles'] });
  });

  it('have the secrets of their files, which can be away for a while', () => {
    const { source, folder } = sourceWith();
    writeFileSync(join(folder, 'token'), 'second\n');
    expect(source.look()).toMatchObject({ changed: ['github.token'] });
    expect(source.current.live.github.token).toBe('second');
    rmSync(join(folder, 'token'));
    expect(source.look()).toMatchObject({ problems: [{ path: 'RUNBOAT_GITHUB_TOKEN_FILE' }] });
    expect(source.current.live.github.token).toBe('second');
    writeFileSync(join(folder, 'token'), 'third\n');
    expect(source.look()).toMatchObject({ changed: ['github.token'] });
  });

  it('follow the links of a mounted ConfigMap', () => {
    const folder = folderWith({
      '..first/runboat.yaml': MINIMAL_FILE,
      '..second/runboat.yaml': `${MINIMAL_FILE}paused: true\n`,
      'built-in/odoo/kustomization.yaml.hbs': '',
    });
    symlinkSync('..first', join(folder, '..data'));
    symlinkSync('..data/runboat.yaml', join(folder, 'runboat.yaml'));
    const source = new SettingsSource({
      file: join(folder, 'runboat.yaml'),
      env: {},
      process: 'operator',
      builtInFolder: join(folder, 'built-in'),
    });
    symlinkSync('..second', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    rmSync(join(folder, '..first'), { recursive: true });
    expect(source.look()).toMatchObject({ type: 'accepted', changed: ['paused'] });
  });

  it('are looked at every 5 s until that is ended, and set the level of the log', () => {
    jest.useFakeTimers();
    try {
      const { source, write } = sourceWith();
      const log = createLogger('test', 'silent');
      const reloads: boolean[] = [];
      const stop = followSettings({ source, log, onReload: (isInOrder) => reloads.push(isInOrder) });
      write('paused: maybe\n');
      jest.advanceTimersByTime(4_999);
      expect(reloads).toEqual([]);
      jest.advanceTimersByTime(10_001);
      expect(reloads).toEqual([false]);
      write('log: {level: fatal}\n');
      jest.advanceTimersByTime(5_000);
      expect(reloads).toEqual([false, true]);
      expect(log.level).toBe('fatal');
      stop();
      write('');
      jest.advanceTimersByTime(20_000);
      expect(reloads).toHaveLength(2);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('The settings in force', () => {
  it('are told to every listener, even when one of them fails', () => {
    const { config } = load();
    const current = new CurrentSettings(config);
    const told: string[] = [];
    current.onChange(() => {
      throw new Error('no');
    });
    const stop = current.onChange((now) => told.push(now.domain));
    expect(() => current.replace({ ...config, domain: 'b.test' })).toThrow(AggregateError);
    stop();
    expect(() => current.replace({ ...config, domain: 'c.test' })).toThrow();
    expect(told).toEqual(['b.test']);
    expect(current.live.domain).toBe('c.test');
  });
});
