import { compilePattern } from './pattern.js';
import { parseDuration } from './scalars.js';
import type { Config, ConfigProcess, EnvMap, GitHubConfig, TemplateVars } from './types.js';

interface ValidRule {
  readonly repo: string;
  readonly branch: string;
  readonly image: string;
  readonly kubefiles?: string;
  readonly env: EnvMap;
  readonly secretEnv: EnvMap;
  readonly templateVars: TemplateVars;
}

/** The values once they have passed the schema, with its defaults: those of the file, durations as text. */
export interface ValidValues extends Omit<Config, 'repos' | 'bundles' | 'timeouts' | 'retention'> {
  readonly repos: readonly ValidRule[];
  readonly timeouts: { readonly initialize: string; readonly cleanup: string };
  readonly retention: { readonly minimumAge: string; readonly finishedJobs: string };
}

/** Makes the configuration of one process, without the secrets that it does not need. */
export function assemble(values: ValidValues, bundles: Config['bundles'], forProcess: ConfigProcess): Config {
  const { timeouts, retention } = values;
  return {
    ...values,
    baseUrl: withoutSlash(values.baseUrl),
    bundles,
    secretEnv: forProcess === 'gateway' ? {} : values.secretEnv,
    repos: values.repos.map((rule, index) => {
      const secretEnv = forProcess === 'gateway' ? {} : rule.secretEnv;
      return { ...rule, ...compiled(rule), secretEnv, index, label: label(rule, index) };
    }),
    timeouts: { initialize: milliseconds(timeouts.initialize), cleanup: milliseconds(timeouts.cleanup) },
    retention: {
      minimumAge: milliseconds(retention.minimumAge),
      finishedJobs: milliseconds(retention.finishedJobs),
    },
    api: forProcess === 'operator' ? { publicActions: values.api.publicActions } : values.api,
    github: github(values.github, forProcess),
  };
}

function compiled({ repo, branch }: ValidRule): { repo: RegExp; branch: RegExp } {
  return {
    repo: compilePattern(repo, { ignoreCase: true }),
    branch: compilePattern(branch, { ignoreCase: false }),
  };
}

function label({ repo, branch }: ValidRule, index: number): string {
  return `repos[${index}]: ${repo} ${branch}`;
}

function github(values: GitHubConfig, forProcess: ConfigProcess): GitHubConfig {
  const { webhookSecret, app, ...rest } = values;
  return {
    ...rest,
    apiUrl: withoutSlash(values.apiUrl),
    webUrl: withoutSlash(values.webUrl),
    ...(app === undefined ? {} : { app: { id: app.id, privateKey: withLines(app.privateKey) } }),
    ...(webhookSecret === undefined || forProcess === 'operator' ? {} : { webhookSecret }),
  };
}

/** A key that went through one line of an environment file has `\n` in the place of line ends. */
function withLines(key: string): string {
  return key.includes('\n') ? key : key.replaceAll('\\n', '\n');
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

function milliseconds(text: string): number {
  const value = parseDuration(text);
  if (value === undefined) throw new TypeError(`A duration passed the schema and cannot be read: ${text}`);
  return value;
}
