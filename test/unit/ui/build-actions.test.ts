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
  ({ name: 'it', status: 'stopped', init_status: 'succeeded', ...parts }) as Build;
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

  it('is remembered when it is a start of a build that is not initialised yet, until it is or is stopped', async () => {
    const waiting = build({ status: 'initializing', init_status: 'todo' });
    const actions = new BuildActions(session);
    await actions.run(waiting, 'start');
    actions.take({ type: 'upd', build: build({ status: 'initializing', init_status: 'started' }) });
    expect([actions.startsLater('it'), actions.of('it')]).toEqual([true, undefined]);
    actions.take({ type: 'upd', build: build({ status: 'starting' }) });
    expect(actions.startsLater('it')).toBe(false);
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
    expect(all.filter((action) => isOffered(action, { status }))).toEqual(offered);
  });

  it('is left to what the session allows', () => {
    const actions = new BuildActions(session);
    expect(all.filter((action) => actions.may(action))).toEqual(['start', 'stop', 'reset']);
  });
});
