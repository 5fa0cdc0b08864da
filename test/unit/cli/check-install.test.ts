import { describe, expect, it } from '@jest/globals';
import { partOf } from '../../../cli/check-install/broken.js';

describe('The part that is broken', () => {
  it.each([
    'The operator may not write Job b: jobs.batch is forbidden: User "u" cannot create resource "jobs" in API group "batch". Grant the right to its service account.',
    'pods is forbidden: User "u" cannot list resource "pods" in API group ""',
  ])('is the rights where one is lacking: %s', (said) => {
    expect(partOf(said, 'initialisation')).toBe('rights');
  });

  it.each([
    'The API server refuses Job b: jobs.batch "b" is forbidden: exceeded quota: q, requested: count/jobs.batch=1',
    'pods "b" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
    '',
  ])('is that of the step otherwise: %s', (said) => {
    expect(partOf(said, 'initialisation')).toBe('initialisation');
  });
});
