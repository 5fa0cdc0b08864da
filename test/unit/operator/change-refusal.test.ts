import { describe, expect, it } from '@jest/globals';
import type { KubeClient } from '../../../lib/kube/client.js';
import { ApiError } from '../../../lib/kube/errors.js';
import { isChangeRefusal } from '../../../operator/cluster/apply.js';
import { KindTable } from '../../../operator/cluster/kinds.js';
import { BuildRefused } from '../../../operator/settings.js';

const kinds = new KindTable([
  { group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', namespaced: true },
]);
const resource = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'immutable-store' } };

function answer(status: number, serverMessage: string): ApiError {
  return new ApiError({ method: 'PATCH', path: '/x', status, reason: 'X', serverMessage });
}

/** Whether the change is refused, where a new one under another name is answered so; undefined: it could be made. */
async function judge(said: string, whenNew: Error | undefined, reason = 'ApplyRefused'): Promise<boolean> {
  const create = async (path: string, body: { metadata: object }, options: object) => {
    expect(path).toBe('/apis/apps/v1/namespaces/builds/statefulsets');
    expect(body.metadata).toEqual({ generateName: 'runboat-' });
    expect(options).toEqual({ dryRun: true });
    if (whenNew) throw whenNew;
    return {};
  };
  const client = { create } as unknown as KubeClient;
  const error = new BuildRefused({ reason, message: said }, { cause: answer(422, said) });
  return await isChangeRefusal({ client, kinds }, 'builds', resource, error);
}

const forbiddenChange =
  'spec: Forbidden: updates to statefulset spec for fields other than ... are forbidden';
const words = 'spec.selector: Invalid value: {}: field is immutable';
const invalid = answer(422, 'StatefulSet "runboat-x" is invalid');
const overQuota = answer(403, 'statefulsets is forbidden: exceeded quota');

describe('a change that the API server refuses', () => {
  it('is told by what could be made anew, whatever the words', async () => {
    expect(await judge(forbiddenChange, undefined)).toBe(true);
    expect(await judge(words, undefined)).toBe(true);
  });

  it('is none where the resource itself is not valid, whatever the words', async () => {
    expect(await judge(forbiddenChange, invalid)).toBe(false);
    expect(await judge(words, invalid)).toBe(false);
  });

  it('is told by the words where a new one is refused for something else, such as a quota', async () => {
    expect(await judge(words, overQuota)).toBe(true);
    expect(await judge(forbiddenChange, overQuota)).toBe(false);
    expect(await judge('StatefulSet.apps "immutable-store" is invalid', overQuota)).toBe(false);
  });

  it('is not known as long as the API server does not answer', async () => {
    await expect(judge(words, answer(500, 'etcd is gone'))).rejects.toThrow('etcd is gone');
  });

  it('is not asked for where a right is missing', async () => {
    expect(await judge(words, undefined, 'Forbidden')).toBe(false);
  });
});
