import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import type { GitHubApp, GitHubConfig } from '../config/types.js';

/** The part of Octokit that is used: answers are foreign data, so they have no type here. */
export interface Requester {
  request(route: string, parameters: Record<string, unknown>): Promise<{ data: unknown }>;
}

/** Who asks: everybody (no credentials), the holder of a token, or an App as it is installed on a repository. */
export interface Connections {
  /** @throws what Octokit throws when GitHub does not know the App's installation. */
  forRepo(owner: string, name: string): Promise<Requester>;
  /** GitHub does not know the repository or the credentials (any more): what is kept for it is asked anew. */
  forget(owner: string, name: string): void;
}

type Common = ConstructorParameters<typeof Octokit>[0];

/** Connections by the credentials of the configuration; a token wins over an App. */
export function openConnections(settings: GitHubConfig, fetchOnce: typeof fetch): Connections {
  const common: Common = {
    baseUrl: settings.apiUrl,
    userAgent: 'runboat',
    request: { fetch: fetchOnce, log: silent },
    log: silent,
  };
  if (settings.token === undefined && settings.app !== undefined) {
    return new AppConnections(settings.app, common);
  }
  const octokit = new Octokit({ ...common, ...(settings.token ? { auth: settings.token } : {}) });
  return { forRepo: async () => octokit, forget: () => undefined };
}

/** An App acts through an installation, one for each owner; its tokens are kept and renewed by Octokit. */
class AppConnections implements Connections {
  private readonly asApp: Octokit;
  private readonly auth: { appId: string; privateKey: string };
  /** By repository. */
  private readonly installations = new Map<string, Promise<number>>();
  private readonly octokits = new Map<number, Octokit>();

  constructor(
    app: GitHubApp,
    private readonly common: Common,
  ) {
    this.auth = { appId: app.id, privateKey: app.privateKey };
    this.asApp = this.open({});
  }

  async forRepo(owner: string, name: string): Promise<Requester> {
    const id = await this.installationOf(owner, name);
    const known = this.octokits.get(id);
    if (known) return known;
    const octokit = this.open({ installationId: id });
    this.octokits.set(id, octokit);
    return octokit;
  }

  forget(owner: string, name: string): void {
    const key = `${owner}/${name}`;
    const drop = (id: number) => void this.octokits.delete(id);
    // One that failed has left nothing behind.
    this.installations.get(key)?.then(drop, () => undefined);
    this.installations.delete(key);
  }

  private installationOf(owner: string, name: string): Promise<number> {
    const key = `${owner}/${name}`;
    const known = this.installations.get(key);
    if (known) return known;
    const asked = this.asApp
      .request('GET /repos/{owner}/{repo}/installation', { owner, repo: name })
      .then(({ data }) => data.id);
    this.installations.set(key, asked);
    // Only good answers are kept; who asked gets the error.
    asked.catch(() => this.installations.delete(key));
    return asked;
  }

  private open(installation: { installationId?: number }): Octokit {
    const auth = { ...this.auth, ...installation, log: silent };
    return new Octokit({ ...this.common, authStrategy: createAppAuth, auth });
  }
}

const nothing = () => undefined;
/** Octokit would write to the console; what goes wrong reaches the caller as an error. */
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
