/** Forty hexadecimal digits that no repository has to know. */
export const sampleCommit = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';

/** A build as somebody would write it; any field of the spec may be replaced, also by a wrong one. */
export function sampleBuild(name: string, spec: Record<string, unknown> = {}): object {
  return {
    apiVersion: 'runboat.dev/v1alpha1',
    kind: 'RunboatBuild',
    metadata: { name },
    spec: { repo: 'oca/mis-builder', targetBranch: '16.0', commit: sampleCommit, ...spec },
  };
}
