import type { ReportedStatus, RunboatBuild } from '../../crds/runboatbuild.generated.js';

/** What the forge shall show beside the commit of a build. */
export interface WantedStatus {
  readonly state: 'pending' | 'success' | 'failure';
  /** Where the build, or its log, is found; none while there is nothing to see. */
  readonly targetUrl?: string;
  /** A sentence; it may be long. It is sent along, but a change of it alone is no change of the status. */
  readonly description: string;
}

/**
 * The commit status that a build deserves; undefined when it says nothing new: not looked at yet, or being
 * deleted. `baseUrl` is the gateway's address without a slash at the end.
 */
export function wantedStatus(build: RunboatBuild, baseUrl: string): WantedStatus | undefined {
  const { metadata, status } = build;
  if (metadata.deletionTimestamp !== undefined) return undefined;
  const targetUrl = `${baseUrl}/builds/${metadata.name}?live`;
  switch (status?.phase) {
    case 'Queued':
      return { state: 'pending', description: 'Waits for its turn to be initialised.' };
    case 'Initializing':
      return { state: 'pending', targetUrl, description: 'Is being initialised.' };
    case 'Stopped':
    case 'Starting':
    case 'Started':
    case 'Stopping':
    case 'Failed':
      return outcome(build, targetUrl);
    default:
      return undefined;
  }
}

/** How the last initialisation ended, or why there was none. A running build keeps what its initialisation earned. */
function outcome(build: RunboatBuild, targetUrl: string): WantedStatus | undefined {
  const { status } = build;
  if (status?.initStatus === 'succeeded') {
    return { state: 'success', targetUrl, description: 'Initialised and ready to be started.' };
  }
  if (status?.phase !== 'Failed') return undefined;
  const refused = sentenceOf(build, 'Deployed');
  const failed = sentenceOf(build, 'Initialized') ?? 'The initialisation failed.';
  return { state: 'failure', targetUrl, description: refused ?? failed };
}

function sentenceOf(build: RunboatBuild, type: 'Deployed' | 'Initialized'): string | undefined {
  return build.status?.conditions?.find((one) => one.type === type && one.status === 'False')?.message;
}

/** Whether the forge shows already what is wanted. */
export function isReported(reported: ReportedStatus | undefined, wanted: WantedStatus): boolean {
  return reported?.state === wanted.state && reported.targetUrl === wanted.targetUrl;
}
