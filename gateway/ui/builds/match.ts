import { shownStateOf } from '../state/display-state.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import type { ListFilter } from './list-address.js';

/** What is searched in, by build; a build that changes is another object. */
const searched = new WeakMap<Build, string>();

/** Whether a build has the state and all of the words that are asked for. */
export function createMatch({
  status,
  words,
}: Pick<ListFilter, 'status' | 'words'>): (build: Build) => boolean {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return (build) => hasStatus(build, status) && wanted.every((word) => searchText(build).includes(word));
}

/** Waiting is initialising too, as in the API. */
function hasStatus(build: Build, status: string): boolean {
  if (status === '' || build.status === status) return true;
  return status === 'waiting' && shownStateOf(build) === 'waiting';
}

function searchText(build: Build): string {
  const known = searched.get(build);
  if (known !== undefined) return known;
  const { repo, target_branch: branch, pr, git_commit: commit } = build.commit_info;
  const state = TEXTS.states[shownStateOf(build)];
  const text = [repo, branch, pr ? `#${pr}` : '', commit, build.name, state, build.message ?? '']
    .join('\n')
    .toLowerCase();
  searched.set(build, text);
  return text;
}
