import { setTimeout as sleep } from 'node:timers/promises';
import { API_GROUP, API_VERSION, BUILD_KIND } from '../crds/constants.js';
import { ConfigError, type ConfigProblem } from '../lib/config/config-error.js';
import type { KubeClient } from '../lib/kube/client.js';
import {
  discover,
  type ResourceKind,
  resolveResourceType,
  UnknownResourceTypeError,
} from '../lib/kube/discovery.js';
import { ApiError, isNotFound, NoAnswerError } from '../lib/kube/errors.js';
import { resourcePath } from '../lib/kube/paths.js';
import type { Logger } from '../lib/telemetry/logger.js';
import { KindTable } from './cluster/kinds.js';

export interface StartupOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly resourceTypes: readonly string[];
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Takes a sentence that says what is waited for, for those who ask whether the operator is ready. */
  readonly waitsFor: (sentence: string) => void;
}

const firstDelay = 500;
const longestDelay = 10_000;

/**
 * Waits until the API server answers and knows RunboatBuild, and resolves `resourceTypes`. A server that is not
 * there yet is waited for, because nobody may be there to start the operator once more. Throws ConfigError for
 * types that the cluster does not have, the server's refusal of the credentials, and the signal's reason.
 */
export async function awaitCluster(options: StartupOptions): Promise<KindTable> {
  const { client, signal } = options;
  // A request to a server that does not answer must not hold up the end of the process.
  const abandon = () => void client.connection.close();
  signal.addEventListener('abort', abandon, { once: true });
  try {
    const served = await untilUsable(options);
    await warnOfNamespace(options);
    return kindTable(options.resourceTypes, served);
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

async function untilUsable(options: StartupOptions): Promise<ResourceKind[]> {
  const { signal, log, waitsFor } = options;
  for (let delay = firstDelay; ; delay = Math.min(2 * delay, longestDelay)) {
    signal.throwIfAborted();
    const found = await look(options);
    if (typeof found !== 'string') return found;
    waitsFor(found);
    log.warn({ detail: found, retryInSeconds: delay / 1000 }, 'The cluster cannot be used yet');
    await sleep(delay, undefined, { signal });
  }
}

/** What the cluster serves, or a sentence that says what it lacks. */
async function look({ client, signal }: StartupOptions): Promise<ResourceKind[] | string> {
  try {
    const served = await discover(client);
    return served.some(isBuild) ? served : lacksDefinition(client);
  } catch (error) {
    signal.throwIfAborted();
    if (!isPassing(error)) throw error;
    return `The API server at ${client.connection.server} cannot be reached (${error.message}). Start it, or correct the kubeconfig.`;
  }
}

function isBuild({ group, version, kind }: ResourceKind): boolean {
  return group === API_GROUP && version === API_VERSION && kind === BUILD_KIND;
}

function lacksDefinition(client: KubeClient): string {
  return (
    `The cluster at ${client.connection.server} does not know ${BUILD_KIND} (${API_GROUP}/${API_VERSION}). ` +
    'Install the definition: kubectl apply --server-side -f crds/runboatbuild.yaml'
  );
}

/** No answer, or that of a server which is starting or overloaded. */
function isPassing(error: unknown): error is Error {
  if (error instanceof NoAnswerError) return true;
  return error instanceof ApiError && (error.status >= 500 || error.status === 429);
}

/** The kinds of `resourceTypes` among those that the cluster serves. Throws ConfigError. */
export function kindTable(resourceTypes: readonly string[], served: readonly ResourceKind[]): KindTable {
  const kinds: ResourceKind[] = [];
  const problems: ConfigProblem[] = [];
  for (const spelling of resourceTypes) {
    try {
      const kind = resolveResourceType(served, spelling);
      kinds.push(kind);
      problems.push(...unusable(kind, spelling));
    } catch (error) {
      if (!(error instanceof UnknownResourceTypeError)) throw error;
      problems.push({ path: 'resourceTypes', message: error.message });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return new KindTable(kinds);
}

/** What is made must also be found and removed; some types are mere questions, such as `tokenreviews`. */
function unusable({ verbs }: ResourceKind, spelling: string): ConfigProblem[] {
  const missing = ['list', 'patch', 'delete'].filter((verb) => !verbs.includes(verb));
  if (missing.length === 0) return [];
  const message = `resources of type "${spelling}" cannot be managed: the cluster offers no ${missing.join(', ')} for them; take it out`;
  return [{ path: 'resourceTypes', message }];
}

/** A misspelt namespace would leave the operator idle without a word. */
async function warnOfNamespace({ client, namespace, log }: StartupOptions): Promise<void> {
  const path = resourcePath({ group: '', version: 'v1', plural: 'namespaces', name: namespace });
  try {
    await client.get(path);
  } catch (error) {
    const detail = `Create it, or correct "namespace" in the configuration: kubectl create namespace ${namespace}`;
    if (isNotFound(error)) log.warn({ namespace, detail }, 'The namespace of the builds does not exist yet');
    // Without the right to look, or with a server that is gone again, the caches will tell.
    else log.debug({ namespace, err: error }, 'It is not known whether the namespace exists');
  }
}
