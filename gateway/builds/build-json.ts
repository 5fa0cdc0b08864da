import type { Config } from '../../lib/config/types.js';
import type { BuildRecord } from './build-record.js';
import { type BuildState, stateOf } from './build-state.js';

/** A build as the API answers it. Times are `YYYY-MM-DDTHH:MM:SSZ`; null stands for what there is not. */
export interface BuildJson {
  readonly name: string;
  readonly commit_info: {
    readonly repo: string;
    readonly target_branch: string;
    readonly pr: number | null;
    readonly git_commit: string;
  };
  readonly status: BuildState;
  readonly init_status: BuildRecord['status']['initStatus'];
  readonly queue_position: number | null;
  readonly message: string | null;
  readonly ready: boolean;
  readonly start_requested: boolean;
  readonly keep: boolean;
  readonly image: string | null;
  readonly bundle: string | null;
  readonly deploy_link: string;
  readonly deploy_link_mailhog: string;
  readonly repo_target_branch_link: string;
  readonly repo_pr_link: string | null;
  readonly repo_commit_link: string;
  readonly webui_link: string;
  readonly created: string;
  readonly last_scaled: string;
  readonly queued_at: string | null;
  readonly init_started_at: string | null;
  readonly initialized_at: string | null;
  readonly ready_at: string | null;
}

/** What of the configuration is in links. */
export interface LinkSettings {
  readonly urlScheme: string;
  readonly domain: string;
  /** Without a slash at the end, like `webUrl`. */
  readonly baseUrl: string;
  readonly webUrl: string;
}

/** Reads the configuration whenever it is asked, which may change. */
export function linkSettings(config: Config): LinkSettings {
  return {
    get urlScheme() {
      return config.urlScheme;
    },
    get domain() {
      return config.domain;
    },
    get baseUrl() {
      return config.baseUrl;
    },
    get webUrl() {
      return config.github.webUrl;
    },
  };
}

export function buildJson(
  record: BuildRecord,
  settings: LinkSettings,
  queuePosition: number | null,
): BuildJson {
  const { metadata, spec, status } = record;
  const link = deployLink(record, settings);
  const created = seconds(metadata.creationTimestamp) ?? '';
  return {
    name: metadata.name,
    commit_info: {
      repo: spec.repo,
      target_branch: spec.targetBranch,
      pr: spec.pr,
      git_commit: spec.commit,
    },
    status: stateOf(record),
    init_status: status.initStatus,
    queue_position: queuePosition,
    message: status.message ?? null,
    ready: status.ready,
    start_requested: spec.replicas === 1,
    keep: spec.keep,
    image: status.image ?? null,
    bundle: status.bundle ?? null,
    deploy_link: link,
    deploy_link_mailhog: link.replace(/^([a-z]+:\/\/[^./:]+)/i, '$1.mail'),
    ...forgeLinks(record, settings.webUrl),
    webui_link: `${settings.baseUrl}/builds/${metadata.name}`,
    created,
    last_scaled: seconds(status.lastScaledAt) ?? created,
    queued_at: seconds(status.queuedAt),
    init_started_at: seconds(status.initStartedAt),
    initialized_at: seconds(status.initializedAt),
    ready_at: seconds(status.readyAt),
  };
}

/** The form of lists, in which what there is not is left out. */
export function listedJson(build: BuildJson): string {
  return JSON.stringify(build, (_key, value: unknown) => (value === null ? undefined : value));
}

/** Where the build answers once it is started. */
export function deployLink({ metadata, status }: BuildRecord, settings: LinkSettings): string {
  return status.url ?? `${settings.urlScheme}://${metadata.name}.${settings.domain}`;
}

/** The page of a repository. */
export function repoLink(repo: string, webUrl: string): string {
  return `${webUrl}/${repo}`;
}

function forgeLinks(
  { spec }: BuildRecord,
  webUrl: string,
): Pick<BuildJson, 'repo_target_branch_link' | 'repo_pr_link' | 'repo_commit_link'> {
  const repo = repoLink(spec.repo, webUrl);
  const pr = spec.pr === null ? null : `${repo}/pull/${spec.pr}`;
  return {
    repo_target_branch_link: `${repo}/tree/${spec.targetBranch.split('/').map(encodeURIComponent).join('/')}`,
    repo_pr_link: pr,
    repo_commit_link: pr === null ? `${repo}/commit/${spec.commit}` : `${pr}/commits/${spec.commit}`,
  };
}

/** A time in whole seconds of UTC; null for none and for a text that is no time. */
function seconds(time: string | undefined): string | null {
  if (time === undefined || time === '') return null;
  // The form that Kubernetes writes is by far the most common and needs no parsing.
  if (time.length === 20 && time.endsWith('Z')) return time;
  const parsed = Date.parse(time);
  return Number.isNaN(parsed) ? null : `${new Date(parsed).toISOString().slice(0, 19)}Z`;
}
