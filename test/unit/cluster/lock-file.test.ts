import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { withLockFile } from '../../cluster/lock-file.js';

jest.setTimeout(30_000);

describe('A lock file', () => {
  let folder = '';
  let file = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'runboat-test-'));
    file = path.join(folder, 'deeper', 'lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('lets one after the other work, and is gone afterwards', async () => {
    const log: string[] = [];
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name} ends`);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => withLockFile(file, () => undefined, work(name))));
    for (let index = 0; index < log.length; index += 2) {
      expect(log[index + 1]).toBe(log[index]!.replace('begins', 'ends'));
    }
    expect(log).toHaveLength(6);
    expect(existsSync(file)).toBe(false);
  });

  it('tells whom it waits for', async () => {
    const waitedFor: number[] = [];
    const begun = promise();
    const released = promise();
    const held = withLockFile(
      file,
      () => undefined,
      () => {
        begun.resolve();
        return released.promise;
      },
    );
    await begun.promise;
    const onWait = (owner: number) => {
      waitedFor.push(owner);
      released.resolve();
    };
    expect(await withLockFile(file, onWait, async () => 'done')).toBe('done');
    await held;
    expect(waitedFor).toEqual([process.pid]);
  });

  it('is taken over from an owner that is gone, by one of those who wait', async () => {
    await withLockFile(
      file,
      () => undefined,
      async () => undefined,
    );
    await writeFile(file, String(idOfEndedProcess()));
    let working = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setImmediate(resolve));
      working--;
    };
    await Promise.all([1, 2, 3].map(() => withLockFile(file, () => undefined, work)));
    expect(most).toBe(1);
  });

  it('is given back when the work throws', async () => {
    const failing = withLockFile(
      file,
      () => undefined,
      () => Promise.reject(new Error('broken')),
    );
    await expect(failing).rejects.toThrow('broken');
    expect(existsSync(file)).toBe(false);
  });
});

function promise(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const made = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise: made, resolve };
}

function idOfEndedProcess(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}
