import { describe, expect, it } from '@jest/globals';
import { operatorRules } from '../../../operator/rights.js';

const verbsOf = (types: string[], group: string, resource: string) =>
  operatorRules(types).find(({ apiGroups, resources }) => apiGroups[0] === group && resources[0] === resource)
    ?.verbs;

describe('the rights of the operator', () => {
  it('cover a custom resource named by plural and group, with or without a version', () => {
    for (const type of ['certificates.cert-manager.io', 'certificates.v1.cert-manager.io'])
      expect(verbsOf([type], 'cert-manager.io', 'certificates')).toEqual([
        'get',
        'list',
        'create',
        'patch',
        'delete',
      ]);
  });

  it.each(['pvc', 'PersistentVolumeClaim', 'persistentvolumeclaims'])('take the spelling %s', (type) => {
    expect(verbsOf([type], '', 'persistentvolumeclaims')).toContain('create');
  });

  it('cover nothing cluster-scoped, because builds have nothing of it', () => {
    expect(operatorRules(['clusterrole', 'namespace'])).toEqual(operatorRules([]));
  });

  it('name each resource once, however often it is listed', () => {
    expect(operatorRules(['deploy', 'deployments.apps', 'deployment'])).toEqual(
      operatorRules(['deployment']),
    );
  });

  it('never let it change a Role or run a command in a pod', () => {
    const resources = operatorRules(['deployment', 'pod', 'job']).flatMap((rule) => rule.resources);
    expect(resources.filter((name) => /role|exec|attach|portforward|token/.test(name))).toEqual([]);
  });
});
