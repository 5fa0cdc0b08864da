import type { BuildJson } from '../builds/build-json.js';
import { escapeHtml } from './html.js';

/** A list of builds with links; HTML of a page's body. */
export function listBody(title: string, builds: readonly BuildJson[]): string {
  const rows = builds.map(row).join('\n');
  const table = `<table>
<thead><tr><th>Repository</th><th>Branch</th><th>Pull request</th><th>Commit</th><th>State</th><th></th></tr></thead>
<tbody>
${rows}
</tbody>
</table>`;
  const empty =
    '<p>There are no builds here. A push, a pull request or <a href="/docs">the API</a> makes one.</p>';
  return `<h1>${escapeHtml(title)}</h1>\n${builds.length === 0 ? empty : table}`;
}

function row(build: BuildJson): string {
  const { commit_info: commit } = build;
  const pr = build.repo_pr_link === null ? '' : link(build.repo_pr_link, `#${commit.pr}`);
  const list = `/webui/builds.html?repo=${encodeURIComponent(commit.repo)}`;
  const cells = [
    link(list, commit.repo),
    link(build.repo_target_branch_link, commit.target_branch),
    pr,
    link(build.repo_commit_link, commit.git_commit.slice(0, 8)),
    link(pageOf(build.name), stateText(build)),
    build.status === 'started' ? link(build.deploy_link, 'Open') : '',
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

/** One build; HTML of a page's body. */
export function buildBody(build: BuildJson): string {
  const { commit_info: commit } = build;
  const log = `/api/v1/builds/${encodeURIComponent(build.name)}`;
  const facts: [string, string | null][] = [
    ['State', escapeHtml(stateText(build))],
    ['What happened', build.message === null ? null : escapeHtml(build.message)],
    ['Repository', link(`/webui/builds.html?repo=${encodeURIComponent(commit.repo)}`, commit.repo)],
    ['Branch', link(build.repo_target_branch_link, commit.target_branch)],
    ['Pull request', build.repo_pr_link === null ? null : link(build.repo_pr_link, `#${commit.pr}`)],
    ['Commit', link(build.repo_commit_link, commit.git_commit)],
    ['Address', build.status === 'started' ? link(build.deploy_link, build.deploy_link) : null],
    ['Mail', build.status === 'started' ? link(build.deploy_link_mailhog, build.deploy_link_mailhog) : null],
    ['Logs', `${link(`${log}/init-log`, 'initialisation')}, ${link(`${log}/log`, 'build')}`],
    ['Image', build.image === null ? null : escapeHtml(build.image)],
    ['Created', escapeHtml(build.created)],
  ];
  const rows = facts
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `<tr><th>${name}</th><td>${value}</td></tr>`);
  return `<h1>${escapeHtml(build.name)}</h1>\n<table>\n${rows.join('\n')}\n</table>`;
}

export function pageOf(name: string): string {
  return `/webui/build.html?name=${encodeURIComponent(name)}`;
}

function stateText({ status, queue_position: place }: BuildJson): string {
  return place === null ? status : `waiting, place ${place}`;
}

/** Only web addresses become links: `status.url` is what the operator wrote, but a link must never run a script. */
function link(href: string, text: string): string {
  const isAddress = /^(https?:\/\/|\/)/.test(href);
  return isAddress ? `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>` : escapeHtml(text);
}
