import type { BuildIdentity } from '../../crds/names.js';
import type { BuildFilter } from '../builds/build-filter.js';
import { commitAt, numberAt, type Payload, textAt, valueAt } from './payload.js';

/** What a delivery asks of runboat. */
export interface Wish {
  /** Why nothing is asked; the other two are absent then. */
  readonly ignored?: string;
  readonly build?: BuildIdentity;
  /** Builds that have become useless. */
  readonly remove?: BuildFilter;
}

const BRANCH = 'refs/heads/';

/** What GitHub's event means. Pure. @throws HttpError 400 when the payload lacks what the event must have. */
export function wishOf(event: string, payload: Payload): Wish {
  if (event === 'push') return ofPush(payload);
  if (event === 'pull_request') return ofPullRequest(payload);
  if (event === 'ping') return {};
  return { ignored: 'Only pushes and pull requests are looked at.' };
}

function ofPush(payload: Payload): Wish {
  const ref = textAt(payload, 'ref');
  if (!ref.startsWith(BRANCH) || ref === BRANCH) return { ignored: 'Only branches are built, tags are not.' };
  const repo = textAt(payload, 'repository.full_name').toLowerCase();
  const branch = ref.slice(BRANCH.length);
  if (valueAt(payload, 'deleted') === true) return { remove: { repo, branch } };
  const commit = commitAt(payload, 'after');
  // GitHub names the commit of a branch that is no more with zeros.
  if (/^0+$/.test(commit)) return { remove: { repo, branch } };
  return { build: { repo, targetBranch: branch, pr: null, commit } };
}

function ofPullRequest(payload: Payload): Wish {
  const action = textAt(payload, 'action');
  const oldBase = valueAt(payload, 'changes.base.ref.from');
  if (action === 'closed') return { remove: pullRequestOf(payload) };
  if (action === 'edited' && oldBase === undefined) return { ignored: 'The base branch has not changed.' };
  if (!['opened', 'reopened', 'synchronize', 'edited'].includes(action)) {
    return { ignored: 'This action on a pull request changes neither commit nor base branch.' };
  }
  const { repo, pr } = pullRequestOf(payload);
  const targetBranch = textAt(payload, 'pull_request.base.ref');
  const build = { repo, targetBranch, pr, commit: commitAt(payload, 'pull_request.head.sha') };
  if (action !== 'edited') return { build };
  const remove = { repo, pr, targetBranch: textAt(payload, 'changes.base.ref.from') };
  if (remove.targetBranch === targetBranch) return { build };
  // The base of a closed pull request can be edited too.
  const isClosed = valueAt(payload, 'pull_request.state') === 'closed';
  return isClosed ? { remove } : { build, remove };
}

function pullRequestOf(payload: Payload): { repo: string; pr: number } {
  const repo = textAt(payload, 'repository.full_name').toLowerCase();
  return { repo, pr: numberAt(payload, 'pull_request.number') };
}
