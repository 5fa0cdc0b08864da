import { describe, expect, it } from '@jest/globals';
import type { Condition, RunboatBuild, RunboatBuildStatus } from '../../../crds/runboatbuild.generated.js';
import { wantedStatus } from '../../../operator/commit-status/wanted-status.js';

const base = 'https://runboat.test';
const link = `${base}/builds/b1?live`;

function build(status?: RunboatBuildStatus, metadata: object = {}): RunboatBuild {
  return {
    apiVersion: 'runboat.dev/v1alpha1',
    kind: 'RunboatBuild',
    metadata: { name: 'b1', ...metadata },
    spec: { repo: 'oca/web', targetBranch: '16.0', commit: 'a'.repeat(40) },
    ...(status ? { status } : {}),
  } as RunboatBuild;
}

function condition(type: Condition['type'], message: string): Condition {
  return { type, status: 'False', reason: 'Because', message, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

describe('the commit status of a build', () => {
  it('is pending without a link while the build waits', () => {
    const wanted = wantedStatus(build({ phase: 'Queued', initStatus: 'todo' }), base);
    expect(wanted?.state).toBe('pending');
    expect(wanted).not.toHaveProperty('targetUrl');
  });

  it('does not change with the position in the queue', () => {
    const at = (queuePosition: number) => wantedStatus(build({ phase: 'Queued', queuePosition }), base);
    expect(at(1)).toEqual(at(7));
  });

  it('is pending with a link while the build is initialised', () => {
    const wanted = wantedStatus(build({ phase: 'Initializing', initStatus: 'started' }), base);
    expect(wanted).toMatchObject({ state: 'pending', targetUrl: link });
  });

  it.each(['Stopped', 'Starting', 'Started', 'Stopping'] as const)('is success when %s', (phase) => {
    const wanted = wantedStatus(build({ phase, initStatus: 'succeeded' }), base);
    expect(wanted).toMatchObject({ state: 'success', targetUrl: link });
  });

  it('is failure with the reason when the initialisation failed', () => {
    const conditions = [condition('Initialized', 'The job ran out of time.')];
    const wanted = wantedStatus(build({ phase: 'Failed', initStatus: 'failed', conditions }), base);
    expect(wanted).toEqual({ state: 'failure', targetUrl: link, description: 'The job ran out of time.' });
  });

  it("is failure with the condition's sentence for a refused build", () => {
    const conditions = [condition('Deployed', 'No rule matches oca/web.')];
    const wanted = wantedStatus(build({ phase: 'Failed', conditions }), base);
    expect(wanted).toEqual({ state: 'failure', targetUrl: link, description: 'No rule matches oca/web.' });
  });

  it('stays what it was before the operator has looked, and once the build is being deleted', () => {
    expect(wantedStatus(build(), base)).toBeUndefined();
    expect(wantedStatus(build({ phase: 'Undeploying', initStatus: 'succeeded' }), base)).toBeUndefined();
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(wantedStatus(build({ phase: 'Queued' }, { deletionTimestamp }), base)).toBeUndefined();
  });

  it('stays what it was while a reset of a failed build stops what runs', () => {
    expect(wantedStatus(build({ phase: 'Stopping', initStatus: 'failed' }), base)).toBeUndefined();
  });
});
