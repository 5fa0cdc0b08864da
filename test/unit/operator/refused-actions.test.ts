import { describe, expect, it } from '@jest/globals';
import { ApiError, NoAnswerError } from '../../../lib/kube/errors.js';
import { createCleanupJob } from '../../../operator/act/cleanup.js';
import type { Work } from '../../../operator/act/context.js';
import { createInitJob, postJob } from '../../../operator/act/initialize.js';
import { stop } from '../../../operator/act/scale.js';
import { applyResource } from '../../../operator/cluster/apply.js';
import type { KubeResource } from '../../../operator/render/types.js';
import type { BuildSettings } from '../../../operator/settings.js';
import { now, observed } from '../../support/observed.js';

// What actions do with an answer, with only as much of an operator around them as they touch.

const settings = { kubefiles: 'b', image: 'i', slug: 'web', overrides: '', env: {}, secretEnv: {} };
const job: KubeResource = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'web-job' },
  spec: { template: { spec: { restartPolicy: 'Never' } } },
};
const deployment: KubeResource = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { template: { metadata: {}, spec: {} } },
};

class FakeWork {
  readonly done: string[] = [];
  readonly observed = observed({ deployment: { replicas: 1 } });
  /** What each request of this kind ends with. */
  answers: Partial<Record<'create' | 'get' | 'apply', Error>> = {};

  /** The parts of an operator that the actions of this file use. */
  get work(): Work {
    const answer = (verb: 'create' | 'get' | 'apply') => async () => {
      const error = this.answers[verb];
      if (error) throw error;
      return { metadata: {} };
    };
    const note = (text: string) => () => void this.done.push(text);
    const view = this.observed.deployment;
    const services = {
      now: () => now,
      client: {
        create: answer('create'),
        get: answer('get'),
        apply: answer('apply'),
        mergePatch: async (_path: string, body: { spec: object }) => {
          this.done.push(`patch ${JSON.stringify(body.spec)}`);
          return { metadata: {} };
        },
      },
      kinds: { pathOf: () => '/apis/batch/v1/namespaces/builds/jobs/web-job' },
      capacity: {
        releaseCleanup: note('release cleanup'),
        doubtCleanup: note('doubt cleanup'),
        refuseInitialization: note('refuse initialization'),
        doubtInitialization: note('doubt initialization'),
      },
      memory: { settingsOf: () => this.known, renderedOf: () => undefined },
      bundles: { isUnread: () => false, get: () => ({}) },
      renderer: {
        render: async (_bundle: object, mode: string) => (mode === 'deployment' ? [deployment] : [job]),
      },
      config: { repos: [], secretEnv: {}, timeouts: { initialize: 1000, cleanup: 1000 } },
      caches: {
        paths: { secrets: '/secrets', deployments: '/deployments', jobs: '/jobs' },
        jobs: { observe: () => undefined },
        deploymentOf: () => view && { ...view, applied: this.applied },
        deployments: { get: () => view, observe: () => undefined },
      },
    };
    const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
    return { services, observed: this.observed, log } as unknown as Work;
  }

  known: BuildSettings | undefined = settings as unknown as BuildSettings;
  applied = 'another hash';
}

const refusal = (status: number, serverMessage: string) =>
  new ApiError({ method: 'POST', path: '/x', status, reason: 'x', serverMessage });
const denied = (status: number) =>
  refusal(status, 'admission webhook "w.example.org" denied the request: no');
const unasked = refusal(500, 'Internal error occurred: failed calling webhook "w.example.org": refused');
const noAnswer = new NoAnswerError({ method: 'POST', path: '/x', why: 'time ran out', sent: true });

async function outcome(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => 'done',
    (error: { verdict?: { reason: string } }) => error.verdict?.reason ?? error,
  );
}

describe('what a webhook denies, with whatever code', () => {
  it.each([
    denied(400),
    denied(403),
    denied(409),
    denied(422),
    denied(429),
    denied(500),
    denied(503),
    unasked,
  ])('is a refused job, and a refused resource: %s', async (error) => {
    const fake = new FakeWork();
    fake.answers = { create: error, apply: error };
    expect(await outcome(postJob(fake.work, job, 'initialize', 1))).toBe('JobRefused');
    const { client, kinds } = fake.work.services;
    const applied = applyResource({ client, kinds }, fake.observed.build, deployment, undefined);
    expect(await outcome(applied)).toBe('ApplyRefused');
  });
});

describe('a job that the API server goes on not to accept', () => {
  it('gives its place to others after a few tries, when nothing was made by any of them', async () => {
    const fake = new FakeWork();
    fake.answers = { apply: refusal(429, 'too many requests') };
    for (let round = 0; round < 3; round++)
      expect(await outcome(createInitJob(fake.work, 1))).not.toBe('done');
    expect(fake.done).toEqual([]);
    expect(await outcome(createInitJob(fake.work, 1))).toBe('done');
    expect(fake.done).toEqual(['refuse initialization']);
    expect(fake.observed.facts.jobRefused?.verdict).toMatchObject({
      reason: 'JobRefused',
      message: expect.stringContaining('too many requests'),
    });
  });

  it('keeps its place for as long as it may have been made', async () => {
    const fake = new FakeWork();
    fake.answers = { apply: noAnswer };
    for (let round = 0; round < 6; round++) expect(await outcome(createInitJob(fake.work, 1))).toBe(noAnswer);
    expect(new Set(fake.done)).toEqual(new Set(['doubt initialization']));
  });
});

describe('a stop', () => {
  it.each([
    [
      'a right is missing',
      refusal(
        403,
        'secrets "web-runboat" is forbidden: User "op" cannot get resource "secrets" in API group "" in the namespace "builds"',
      ),
      'done',
    ],
    ['the API server does not answer', noAnswer, noAnswer],
  ])('scales to 0 although its mode cannot be rendered, because %s', async (_why, error, ending) => {
    const fake = new FakeWork();
    fake.known = undefined;
    fake.answers = { get: error };
    expect(await outcome(stop(fake.work))).toBe(ending);
    expect(fake.done).toEqual(['patch {"replicas":0}']);
  });
});

describe('the place of a cleanup job', () => {
  it('is kept after a lost answer, and given back after a refusal', async () => {
    const fake = new FakeWork();
    fake.answers = { create: noAnswer };
    expect(await outcome(createCleanupJob(fake.work))).toBe(noAnswer);
    expect(fake.done).toEqual(['doubt cleanup']);
    fake.answers = { create: denied(403) };
    expect(await outcome(createCleanupJob(fake.work))).toBe('done');
    expect(fake.done).toEqual(['doubt cleanup', 'release cleanup']);
  });
});
