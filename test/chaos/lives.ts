import type { Users } from './users.js';

/** What a life may use. */
export interface Stage {
  readonly users: Users;
  /** Waits until a build has a phase, but not for ever, because faults may hold it up. */
  until(name: string, phase: string): Promise<void>;
  /** Waits in the same way until all builds are as they shall be in the end. */
  untilWanted(): Promise<void>;
}

/** What users do with the builds of a scenario, and what must become of these. */
export interface Life {
  /** `limits.initializing`. */
  readonly limit: number;
  /** The phase of each build in the end. */
  readonly wanted: Readonly<Record<string, string>>;
  live(stage: Stage): Promise<void>;
}

const more = ['more-1', 'more-2', 'more-3', 'more-4', 'more-5'];

/** Ten builds: initialised, started, stopped, reset, failed, deleted and made again under the same name. */
const whole: Life = {
  limit: 2,
  wanted: {
    good: 'Started',
    started: 'Stopped',
    bad: 'Stopped',
    pull: 'Stopped',
    ...Object.fromEntries(more.map((name) => [name, 'Stopped'])),
  },
  async live({ users, until, untilWanted }) {
    await users.create('good', {});
    await users.create('started', { replicas: 1 });
    await users.create('bad', { templateVars: { initRun: 'fail' } });
    await users.create('pull', { pr: 7 });
    for (const name of more) await users.create(name, {});
    await until('started', 'Started');
    await users.patch('started', { replicas: 0 });
    await until('good', 'Stopped');
    await users.patch('good', { replicas: 1 });
    await until('bad', 'Failed');
    const resetRequestedAt = new Date().toISOString();
    await users.patch('bad', { resetRequestedAt, templateVars: { initRun: 'complete' } });
    await users.patch('started', { resetRequestedAt });
    await users.delete('pull');
    users.createWhenFree('pull', { pr: 7 });
    await untilWanted();
  },
};

/** The same steps with fewer builds, so that a fault can happen at every single write and event. */
const brief: Life = {
  limit: 1,
  wanted: { first: 'Stopped', second: 'Stopped' },
  async live({ users, until, untilWanted }) {
    await users.create('first', { replicas: 1 });
    await users.create('second', {});
    await until('first', 'Started');
    await users.delete('first');
    users.createWhenFree('first', {});
    await until('second', 'Stopped');
    await users.patch('second', { resetRequestedAt: new Date().toISOString() });
    await untilWanted();
  },
};

/** One build that is initialised. */
const single: Life = {
  limit: 1,
  wanted: { only: 'Stopped' },
  async live({ users, untilWanted }) {
    await users.create('only', {});
    await untilWanted();
  },
};

/** Builds that wait for one whose initialisation does not come to an end. */
const waiting: Life = {
  limit: 1,
  wanted: { long: 'Stopped', next: 'Stopped', last: 'Stopped' },
  async live({ users, until, untilWanted }) {
    await users.create('long', { templateVars: { initSeconds: '3600' } });
    await until('long', 'Initializing');
    await users.create('next', {});
    await until('next', 'Queued');
    await users.create('last', {});
    await untilWanted();
  },
};

export const lives = { whole, brief, single, waiting } as const;
export type LifeName = keyof typeof lives;
