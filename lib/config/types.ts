/** A value that a template variable may have, as the file or the environment gave it. */
export type TemplateVar = string | number | boolean;

/** Environment variables of a build: the name and the text. */
export type EnvMap = Readonly<Record<string, string>>;

export type TemplateVars = Readonly<Record<string, TemplateVar>>;

/** The process that asks for the configuration: each one asks only for what it needs. */
export type ConfigProcess = 'operator' | 'gateway' | 'check';

/** One entry of `repos`: what is built for a repository and a branch. */
export interface RepoRule {
  /** The position in `repos`, from 0. */
  readonly index: number;
  /** For people and `status.resolved.rule`, for example `repos[0]: ^oca/.* ^16\.0$`. */
  readonly label: string;
  /** Without regard to case; use `matchRule`, which also anchors and bounds. */
  readonly repo: RegExp;
  readonly branch: RegExp;
  readonly image: string;
  /** A bundle's name; absent: `defaultBundle`. */
  readonly kubefiles?: string;
  readonly env: EnvMap;
  readonly secretEnv: EnvMap;
  readonly templateVars: TemplateVars;
}

export interface GitHubApp {
  readonly id: string;
  /** PEM. */
  readonly privateKey: string;
}

export interface GitHubConfig {
  readonly token?: string;
  readonly app?: GitHubApp;
  readonly webhookSecret?: string;
  readonly allowUnsignedWebhooks: boolean;
  /** Without a slash at the end, like all addresses of the configuration. */
  readonly apiUrl: string;
  readonly webUrl: string;
  readonly commitStatuses: boolean;
}

export type PublicAction = 'start' | 'stop' | 'reset';

export interface ApiConfig {
  readonly adminUser?: string;
  readonly adminPassword?: string;
  readonly publicActions: readonly PublicAction[];
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** The whole configuration, checked, with defaults. Durations are milliseconds. */
export interface Config {
  readonly namespace: string;
  readonly domain: string;
  readonly urlScheme: 'http' | 'https';
  readonly baseUrl: string;
  readonly databasePrefix: string;
  readonly repos: readonly RepoRule[];
  /** Name to absolute folder, built-in bundles included. */
  readonly bundles: Readonly<Record<string, string>>;
  readonly defaultBundle: string;
  readonly env: EnvMap;
  readonly secretEnv: EnvMap;
  readonly templateVars: TemplateVars;
  readonly limits: {
    readonly initializing: number;
    readonly started: number;
    readonly deployed: number;
    readonly cleaning: number;
  };
  readonly timeouts: { readonly initialize: number; readonly cleanup: number };
  readonly retention: { readonly minimumAge: number; readonly finishedJobs: number };
  readonly cleanupJob: boolean;
  /** kubectl's spellings, as written; see `parseResourceType`. */
  readonly resourceTypes: readonly string[];
  readonly paused: boolean;
  readonly api: ApiConfig;
  readonly http: { readonly port: number; readonly trustProxy: boolean; readonly hsts: boolean };
  readonly github: GitHubConfig;
  readonly footerHtml: string;
  readonly log: { readonly level: LogLevel };
  /** 0: a free one. */
  readonly metricsPort: number;
}
