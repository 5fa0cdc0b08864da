import { describe, expect, it } from '@jest/globals';
import { lastForeignWrite, takeOver } from '../../../cli/adopt/managed-fields.js';
import { readOldBuild } from '../../../cli/adopt/old-build.js';
import type { Deployment } from '../../../lib/kube/types.js';

const commit = '0123456789abcdef0123456789abcdef01234567';

function oldDeployment(annotations: Record<string, string> = {}, replicas = 0): Deployment {
  return {
    metadata: {
      name: 'b1-odoo',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'runboat/build': 'b1' },
      annotations: {
        'runboat/repo': 'OCA/mis_builder',
        'runboat/target-branch': '16.0',
        'runboat/pr': '',
        'runboat/git-commit': commit,
        'runboat/init-status': 'succeeded',
        ...annotations,
      },
    },
    spec: { replicas },
  };
}

describe('a Deployment of a Python runboat', () => {
  it('is read as the build of its annotations, with the address that it has', () => {
    expect(readOldBuild(oldDeployment({ 'runboat/pr': '12' }, 1))).toMatchObject({
      name: 'b1',
      slug: 'oca-mis-builder-16-0-pr12-0123456789ab',
      spec: { repo: 'oca/mis_builder', targetBranch: '16.0', pr: 12, commit, replicas: 1 },
      initStatus: 'succeeded',
      since: '2026-01-01T00:00:00Z',
    });
  });

  it('keeps each character of a branch in its address, as the Python runboat wrote it', () => {
    expect(readOldBuild(oldDeployment({ 'runboat/target-branch': '16.0--x_' }))).toMatchObject({
      slug: 'oca-mis-builder-16-0--x--0123456789ab',
    });
  });

  it('is not started when it was not initialised', () => {
    expect(readOldBuild(oldDeployment({ 'runboat/init-status': 'started' }, 1))).toMatchObject({
      spec: { replicas: 0 },
    });
  });

  it.each([
    ['runboat/repo', 'nothing', /owner\/name/],
    ['runboat/target-branch', '', /missing/],
    ['runboat/git-commit', 'abc', /whole commit/],
    ['runboat/pr', 'x', /not a number/],
    ['runboat/init-status', 'odd', /todo, started/],
  ])('with a wrong %s is not a build, and it is said why', (key, value, why) => {
    expect(readOldBuild(oldDeployment({ [key]: value }))).toMatch(why);
  });
});

describe('field ownership of client-side apply', () => {
  const old = {
    manager: 'kubectl-client-side-apply',
    operation: 'Update' as const,
    apiVersion: 'apps/v1',
    time: '2026-01-01T00:00:00Z',
    fieldsV1: {
      'f:metadata': {
        'f:annotations': { 'f:kubectl.kubernetes.io/last-applied-configuration': {}, 'f:runboat/repo': {} },
      },
      'f:spec': { 'f:replicas': {} },
    },
  };
  const controller = {
    manager: 'kube-controller-manager',
    operation: 'Update' as const,
    subresource: 'status',
  };

  it('becomes ours by server-side apply, without the annotation that goes', () => {
    expect(takeOver([old, controller])).toEqual([
      {
        manager: 'runboat',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:annotations': { 'f:runboat/repo': {} } },
          'f:spec': { 'f:replicas': {} },
        },
      },
      controller,
    ]);
  });

  it('joins what is ours already', () => {
    const ours = {
      manager: 'runboat',
      operation: 'Apply' as const,
      fieldsV1: { 'f:spec': { 'f:template': {} } },
    };
    const [taken, ...rest] = takeOver([ours, old]) ?? [];
    expect(taken?.fieldsV1?.['f:spec']).toEqual({ 'f:replicas': {}, 'f:template': {} });
    expect(rest).toEqual([]);
  });

  it('can leave the spec to nobody', () => {
    const [taken] = takeOver([old], { keepSpec: true }) ?? [];
    expect(taken?.fieldsV1).toEqual({ 'f:metadata': { 'f:annotations': { 'f:runboat/repo': {} } } });
    expect(old.fieldsV1).toHaveProperty(['f:spec']);
  });

  it('is left as it is when there is none', () => {
    expect(takeOver([controller])).toBeUndefined();
  });

  it('tells the last write of somebody who is no controller', () => {
    const later = {
      manager: 'OpenAPI-Generator',
      operation: 'Update' as const,
      time: '2026-01-02T00:00:00Z',
    };
    const status = { ...controller, time: '2026-01-03T00:00:00Z' };
    expect(lastForeignWrite([old, later, status])).toEqual({
      manager: 'OpenAPI-Generator',
      time: '2026-01-02T00:00:00Z',
    });
    expect(lastForeignWrite([status])).toBeUndefined();
  });
});
