import { describe, expect, it } from '@jest/globals';
import { defaultContainer } from '../../../lib/kube/default-container.js';
import type { Pod } from '../../../lib/kube/types.js';

const metadata = { name: 'p', uid: 'p', resourceVersion: '1' };

describe('the default container of a pod', () => {
  const withContainers = (named?: string): Pod => ({
    metadata: {
      ...metadata,
      ...(named && { annotations: { 'kubectl.kubernetes.io/default-container': named } }),
    },
    spec: { containers: [{ name: 'mail' }, { name: 'odoo' }], initContainers: [{ name: 'prepare' }] },
  });

  it.each([
    [undefined, 'mail'],
    ['odoo', 'odoo'],
    ['prepare', 'prepare'],
    ['nobody', 'mail'],
  ])('named %s is %s', (named, container) => {
    expect(defaultContainer(withContainers(named))).toBe(container);
  });

  it('is none in a pod without containers', () => {
    expect(defaultContainer({ metadata })).toBeUndefined();
  });
});
