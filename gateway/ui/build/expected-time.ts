import type { BuildJson } from '../../builds/build-json.js';

/** Of so many earlier builds, the newest. */
const SAMPLE = 7;

/** What is needed of an earlier build; lists leave out what there is not. */
export type Earlier = Pick<BuildJson, 'name' | 'commit_info'> &
  Partial<Pick<BuildJson, 'init_status' | 'init_started_at' | 'initialized_at'>>;

/**
 * How long the initialisation of a build takes by the times of earlier ones of its repository that succeeded: the
 * median in milliseconds, of its own target branch where there are any; undefined without any.
 */
export function expectedTime(
  build: Pick<BuildJson, 'name' | 'commit_info'>,
  earlier: Iterable<Earlier>,
): number | undefined {
  const { repo, target_branch: branch } = build.commit_info;
  const ofRepo = [...earlier].filter(({ name, commit_info }) => {
    return name !== build.name && commit_info.repo === repo;
  });
  const ofBranch = ofRepo.filter(({ commit_info }) => commit_info.target_branch === branch);
  return median(newestTimes(ofBranch)) ?? median(newestTimes(ofRepo));
}

function newestTimes(builds: readonly Earlier[]): number[] {
  return builds
    .filter(({ init_status: status }) => status === 'succeeded')
    .map(({ init_started_at: begun, initialized_at: ended }) => {
      return { end: Date.parse(ended ?? ''), took: Date.parse(ended ?? '') - Date.parse(begun ?? '') };
    })
    .filter(({ took }) => took >= 0)
    .sort((a, b) => b.end - a.end)
    .slice(0, SAMPLE)
    .map(({ took }) => took);
}

function median(values: number[]): number | undefined {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
