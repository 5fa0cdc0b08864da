import type { GitHubConfig } from '../config/types.js';
import { classify } from './classify.js';
import type { Connections } from './connections.js';
import { GitHubError } from './errors.js';
import { fetchWithin } from './transport.js';

export interface GitHubClientOptions {
  /** The settings now; they may change while the process runs. */
  readonly settings: () => GitHubConfig;
  /** For each request; 10 s by default. */
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface PullRequestHead {
  /** The branch that the pull request is to be merged into. */
  readonly targetBranch: string;
  /** The full hash of the newest commit. */
  readonly commit: string;
}

export type CommitState = 'pending' | 'success' | 'failure' | 'error';

export interface CommitStatus {
  /** `owner/name`. */
  readonly repo: string;
  /** The full hash. */
  readonly commit: string;
  readonly state: CommitState;
  readonly targetUrl?: string | undefined;
  /** At most 140 characters are sent, which is GitHub's limit. */
  readonly description: string;
  /** What tells this status from others of the same commit. */
  readonly context: string;
}

const TIMEOUT_MS = 10_000;
const LONGEST_DESCRIPTION = 140;
const API_VERSION = '2022-11-28';

/**
 * What is asked of GitHub. Every method sends one request (an App besides asks for its installation and a token)
 * and throws GitHubError; nothing is repeated here, because the caller knows whether it is still wanted.
 */
export class GitHubClient {
  private readonly now: () => number;
  private opened: { key: string; connections: Promise<Connections> } | undefined;

  constructor(private readonly options: GitHubClientOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Whether there is a token or an App; without them only what is public can be read. */
  get hasCredentials(): boolean {
    const { token, app } = this.options.settings();
    return token !== undefined || app !== undefined;
  }

  /** The full hash of the newest commit of a branch. `repo` is `owner/name`. */
  async headOfBranch(repo: string, branch: string): Promise<string> {
    const task = `read branch ${branch} of ${repo}`;
    const data = await this.ask(repo, task, 'GET /repos/{owner}/{repo}/branches/{branch}', { branch });
    const answer = data as { name?: unknown; commit?: { sha?: unknown } };
    // A branch that was renamed is answered with the one that it became.
    if (typeof answer.name === 'string' && answer.name !== branch) {
      throw new GitHubError({ kind: 'notFound', task, why: `the branch is called ${answer.name} now` });
    }
    return hashOf(answer.commit?.sha, task);
  }

  async headOfPullRequest(repo: string, pr: number): Promise<PullRequestHead> {
    const task = `read pull request ${pr} of ${repo}`;
    const data = await this.ask(repo, task, 'GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      pull_number: pr,
    });
    const { head, base } = data as { head?: { sha?: unknown }; base?: { ref?: unknown } };
    const targetBranch = base?.ref;
    if (typeof targetBranch !== 'string' || targetBranch === '') throw senseless(task);
    return { targetBranch, commit: hashOf(head?.sha, task) };
  }

  /** When the signal is aborted before the answer is there, that counts as no answer. */
  async createCommitStatus(status: CommitStatus, signal?: AbortSignal): Promise<void> {
    const { repo, commit, state, targetUrl, context } = status;
    const task = `set the status of commit ${commit} of ${repo}`;
    await this.ask(repo, task, 'POST /repos/{owner}/{repo}/statuses/{sha}', {
      sha: commit,
      state,
      ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
      description: shorten(status.description),
      context,
      ...(signal ? { request: { signal } } : {}),
    });
  }

  private async ask(
    repo: string,
    task: string,
    route: string,
    parameters: Record<string, unknown>,
  ): Promise<object> {
    const [owner = '', name = ''] = repo.split('/', 2);
    try {
      const requester = await (await this.connections()).forRepo(owner, name);
      const headers = { 'x-github-api-version': API_VERSION };
      const { data } = await requester.request(route, { owner, repo: name, headers, ...parameters });
      if (typeof data !== 'object' || data === null) throw senseless(task);
      return data;
    } catch (thrown) {
      const error = classify(thrown, task, this.now());
      const mayHaveMoved = error.kind === 'unauthorized' || error.kind === 'notFound';
      if (mayHaveMoved) (await this.opened?.connections)?.forget(owner, name);
      throw error;
    }
  }

  /** Connections with the settings of now: a rotated token is used from the next request on. */
  private connections(): Promise<Connections> {
    const settings = this.options.settings();
    const { token, app, apiUrl } = settings;
    const key = JSON.stringify([token, app, apiUrl]);
    if (this.opened?.key !== key) {
      this.opened = { key, connections: open(settings, this.options.timeoutMs ?? TIMEOUT_MS) };
    }
    return this.opened.connections;
  }
}

/** Octokit takes 0.1 s and 9 MB to load (Node 20), which those who never ask GitHub do not pay. */
async function open(settings: GitHubConfig, timeoutMs: number): Promise<Connections> {
  const { openConnections } = await import('./connections.js');
  return openConnections(settings, fetchWithin(timeoutMs));
}

function hashOf(sha: unknown, task: string): string {
  if (typeof sha === 'string' && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(sha)) return sha;
  throw senseless(task);
}

function senseless(task: string): GitHubError {
  const why = "the answer is not GitHub's; check `github.apiUrl`";
  return new GitHubError({ kind: 'unavailable', task, why });
}

function shorten(text: string): string {
  if (text.length <= LONGEST_DESCRIPTION) return text;
  return `${text.slice(0, LONGEST_DESCRIPTION - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
