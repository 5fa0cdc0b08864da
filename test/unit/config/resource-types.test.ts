import { describe, expect, it } from '@jest/globals';
import { parseResourceType } from '../../../lib/config/resource-types.js';

describe('a resource type', () => {
  it.each([
    ['pvc', { name: 'pvc' }],
    [' Deployment ', { name: 'deployment' }],
    ['deployments.apps', { name: 'deployments', group: 'apps' }],
    ['certificates.cert-manager.io', { name: 'certificates', group: 'cert-manager.io' }],
    ['deployments.v1.apps', { name: 'deployments', version: 'v1', group: 'apps' }],
    ['widgets.v1alpha2.example.org', { name: 'widgets', version: 'v1alpha2', group: 'example.org' }],
    ['services.v1', { name: 'services', version: 'v1' }],
    ['services.v1.', { name: 'services', version: 'v1' }],
  ])('%s is taken as kubectl takes it', (spelling, expected) => {
    expect(parseResourceType(spelling)).toEqual(expected);
  });
});
