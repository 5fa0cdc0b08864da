import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type BuildAction, BuildActions, isOffered } from '../../../gateway/ui/parts/build-actions.js';
import type { Session } from '../../../gateway/ui/session/session.js';
import type { Build } from '../../../gateway/ui/store/build-store.js';

const ofBrowser = globalThis.fetch;
/** What was sent. */
let calls: string[];
/** Answers of the gateway, one after the other; undefined: it accepts. */
let refusals: (string | undefined)[];

beforeEach(() => {
  jest.useFakeTimers();
  calls = [];
  refusals = [];
  globalThis.fetch = async (path, options) => {
    calls.push(`${options?.method} ${String(path)}`);
    const detail = refusals.shift();
    return Response.json(detail === undefined ? {} : { detail }, {
      status: detail === undefined ? 200 : 409,
    });
  };
});

afterEach(() => {
  jest.useRealTimers();
  globalThis.fetch = ofBrowser;
});

const session: Session = {
  user: null,
  authorization: undefined,
  may: (action) => action !== 'delete',
  onChange: () => () => undefined,
};

const build = (parts: Partial<Build>) =>
  ({ name: 'it', status: 'stopped', init_status: 'succeeded', start_requested: false, ...parts }) as Build;
const stopped = build({});

describe('What is asked of a build', () => {
  it('is sent once, however often it is asked, until the build shows it', async () => {
    const actions = new BuildActions(session);
    await Promise.all([actions.run(stopped, 'start'), actions.run(stopped, 'start')]);
    expect(calls).toEqual(['POST /api/v1/builds/it/start']);
    actions.take({ type: 'upd', build: build({ message: 'something else' }) });
    expect(actions.of('it')).toMatchObject({ action: 'start', phase: 'asked' });
    actions.take({ type: 'upd', build: build({ status: 'starting' }) });
    expect(actions.of('it')).toBeUndefined();
  });

  it('is of one build, and others can be asked meanwhile', async () => {
    const actions = new BuildActions(session);
    await Promise.all([actions.run(stopped, 'start'), actions.run(build({ name: 'other' }), 'start')]);
    expect(calls).toHaveLength(2);
    actions.take({ type: 'upd', build: build({ name: 'other', status: 'starting' }) });
    expect(actions.of('it')?.phase).toBe('asked');
  });

  it.each([
    ['reset', 'POST /api/v1/builds/it/reset'],
    ['undeploy', 'DELETE /api/v1/builds/it'],
  ] as const)('takes a second call where data is lost: %s', async (action, call) => {
    const actions = new BuildActions(session);
    await actions.run(stopped, action);
    expect([actions.of('it')?.phase, calls]).toEqual(['unsure', []]);
    actions.settle('it');
    await actions.run(stopped, action);
    expect(calls).toEqual([]);
    await actions.run(stopped, action);
    expect(calls).toEqual([call]);
  });

  it('is not confirmed by asking for something else', async () => {
    const actions = new BuildActions(session);
    await actions.run(stopped, 'reset');
    await actions.run(stopped, 'undeploy');
    expect([actions.of('it'), calls]).toEqual([{ action: 'undeploy', phase: 'unsure' }, []]);
  });

  it('is no question any more after the time for the answer', async () => {
    const actions = new BuildActions(session, 5_000);
    await actions.run(stopped, 'reset');
    jest.advanceTimersByTime(4_999);
    expect(actions.of('it')?.phase).toBe('unsure');
    jest.advanceTimersByTime(1);
    expect(actions.of('it')).toBeUndefined();
  });

  it('is settled without being seen in the build, when it changed nothing', async () => {
    const actions = new BuildActions(session);
    await actions.run(stopped, 'stop');
    jest.advanceTimersByTime(60_000);
    expect(actions.of('it')).toBeUndefined();
  });

  it('is told in words when it is refused, until somebody has read it or asks for something else', async () => {
    refusals = ['Too many requests.'];
    const actions = new BuildActions(session);
    await actions.run(stopped, 'start');
    expect(actions.of('it')).toEqual({ action: 'start', phase: 'failed', detail: 'Too many requests.' });
    await actions.run(stopped, 'start');
    expect(actions.of('it')?.phase).toBe('asked');
  });

  it('is forgotten with the build', async () => {
    const actions = new BuildActions(session);
    await actions.run(stopped, 'reset');
    actions.take({ type: 'upd', build: build({ status: 'undeploying' }) });
    expect(actions.of('it')).toBeUndefined();
  });

  it.each([
    ['start', 'initializing', false],
    ['stop', 'initializing', true],
    ['stop', 'stopped', true],
  ] as const)(
    'is done as soon as the build has noted it, when it is a %s while %s',
    async (action, status, was) => {
      const before = build({ status, start_requested: was });
      const actions = new BuildActions(session);
      await actions.run(before, action);
      actions.take({ type: 'upd', build: before });
      expect(actions.of('it')?.phase).toBe('asked');
      actions.take({ type: 'upd', build: build({ status, start_requested: !was }) });
      expect(actions.of('it')).toBeUndefined();
    },
  );

  it.each([
    ['the build is up', { status: 'starting' }],
    ['the build tells what keeps it from it', { message: 'No place is free.' }],
  ] as const)('leaves what is offered as it is until %s, when it is a start', async (_what, parts) => {
    const actions = new BuildActions(session);
    await actions.run(stopped, 'start');
    const noted = build({ start_requested: true });
    actions.take({ type: 'upd', build: noted });
    expect(actions.offeredOf(noted)).toBe(stopped);
    const after = build({ start_requested: true, ...parts });
    actions.take({ type: 'upd', build: after });
    expect([actions.of('it'), actions.offeredOf(after)]).toEqual([undefined, after]);
  });

  it('leaves what is offered as it is until the build goes down, when it is a stop', async () => {
    const started = build({ status: 'started', start_requested: true });
    const actions = new BuildActions(session);
    await actions.run(started, 'stop');
    const noted = build({ status: 'started' });
    actions.take({ type: 'upd', build: noted });
    expect(actions.offeredOf(noted)).toBe(started);
  });
});

describe('What is offered of a build', () => {
  const all: BuildAction[] = ['start', 'stop', 'reset', 'undeploy'];

  it.each([
    ['initializing', ['reset', 'undeploy']],
    ['stopped', ['start', 'reset', 'undeploy']],
    ['starting', ['stop', 'reset', 'undeploy']],
    ['started', ['stop', 'reset', 'undeploy']],
    ['stopping', ['reset', 'undeploy']],
    ['failed', ['reset', 'undeploy']],
    ['undeploying', []],
  ] as const)('is what would change something: %s', (status, offered) => {
    expect(all.filter((action) => isOffered(action, build({ status })))).toEqual(offered);
  });

  it('is not to start what is to be started already, but to stop that', () => {
    const waits = build({ start_requested: true });
    expect(all.filter((action) => isOffered(action, waits))).toEqual(['stop', 'reset', 'undeploy']);
  });

  it('is left to what the session allows', () => {
    const actions = new BuildActions(session);
    expect(all.filter((action) => actions.may(action))).toEqual(['start', 'stop', 'reset']);
  });
});
