import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { discover, type ResourceKind, resolveResourceType } from '../../../lib/kube/discovery.js';
import { answer, FakeApiServer } from './fake-api-server.js';

function kind(group: string, version: string, name: string, shortNames: string[] = []): ResourceKind {
  const plural = `${name.toLowerCase()}s`;
  return {
    group,
    version,
    kind: name,
    plural,
    namespaced: true,
    verbs: [],
    singular: name.toLowerCase(),
    shortNames,
  };
}

describe('a resource type', () => {
  const kinds = [
    kind('', 'v1', 'Event', ['ev']),
    kind('apps', 'v1', 'Deployment', ['deploy']),
    kind('apps', 'v1beta1', 'Deployment', ['deploy']),
    kind('events.k8s.io', 'v1', 'Event', ['ev']),
    kind('example.org', 'v1', 'Ev'),
  ];
  const resolve = (spelling: string) => {
    const { group, version } = resolveResourceType(kinds, spelling);
    return `${group}/${version}`;
  };

  it('is that of the first group and version that has it, unless they are named', () => {
    expect(resolve('events')).toBe('/v1');
    expect(resolve('event.events.k8s.io')).toBe('events.k8s.io/v1');
    expect(resolve('deploy')).toBe('apps/v1');
    expect(resolve('deployments.v1beta1.apps')).toBe('apps/v1beta1');
  });

  it('is called by its name rather than by the short name of another', () => {
    expect(resolve('ev')).toBe('example.org/v1');
  });

  it('does not care for case and blanks around it', () => {
    expect(resolve(' DEPLOYMENTS ')).toBe('apps/v1');
  });

  it.each(['', 'nope', 'event.nope', 'deployments.v2.apps'])(
    '"%s" is not known, which is said',
    (spelling) => {
      expect(() => resolve(spelling)).toThrow(`no resource type "${spelling}"`);
    },
  );
});

describe('a server without aggregated discovery', () => {
  const server = new FakeApiServer();
  beforeEach(() => server.start());
  afterEach(() => server.stop());

  it('is asked for each group and version, the preferred version first', async () => {
    const resource = (name: string, of: string) => ({
      name,
      singularName: '',
      namespaced: true,
      kind: of,
      verbs: ['get'],
    });
    const answers: Record<string, object> = {
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/apis': {
        kind: 'APIGroupList',
        groups: [
          {
            name: 'apps',
            versions: [{ version: 'v1beta1' }, { version: 'v1' }],
            preferredVersion: { version: 'v1' },
          },
        ],
      },
      '/api/v1': { resources: [resource('pods', 'Pod'), resource('pods/log', 'Pod')] },
      '/apis/apps/v1': { resources: [resource('deployments', 'Deployment')] },
      '/apis/apps/v1beta1': { resources: [resource('deployments', 'Deployment')] },
    };
    server.respond = ({ path }, response) => answer(response, 200, answers[path]);
    const kinds = await discover(await server.client());
    expect(kinds.map(({ group, version, plural }) => `${group}/${version}/${plural}`)).toEqual([
      '/v1/pods',
      'apps/v1/deployments',
      'apps/v1beta1/deployments',
    ]);
  });
});
