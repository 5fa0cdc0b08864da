import { createHash } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { API_GROUP_VERSION, BUILD_KIND } from '../../crds/constants.js';
import type { RunboatBuildSpec, RunboatBuildStatus } from '../../crds/runboatbuild.generated.js';
import { KubeClient } from '../../lib/kube/client.js';
import { connect } from '../../lib/kube/connection.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { type TestNamespace, useNamespace } from './cluster.js';
import { basic, type GatewayProcessOptions, type RunningGateway, startGateway } from './gateway-process.js';
import { checkAnswer } from './openapi.js';

export { ADMIN, basic, gatewayConfig, type RunningGateway, startGateway } from './gateway-process.js';

export interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Signs in as the administrator. */
  admin?: boolean;
}

export interface TestGateway {
  readonly namespace: TestNamespace;
  readonly running: RunningGateway;
  /** Calls a path; redirects are not followed. */
  call(path: string, options?: CallOptions): Promise<Response>;
  /** Answers the JSON of a call whose status is 200; throws with the answer when it is not. */
  // biome-ignore lint/suspicious/noExplicitAny: any answer.
  json(path: string, options?: CallOptions): Promise<any>;
  /** The builds of the namespace, whoever writes them. */
  readonly builds: TestBuilds;
}

/** A gateway and a namespace for the tests of the surrounding block. */
export function useGateway(options: Omit<GatewayProcessOptions, 'namespace'> = {}): TestGateway {
  const namespace = useNamespace();
  const builds = new TestBuilds(namespace);
  let running: RunningGateway | undefined;
  beforeAll(async () => {
    await builds.open();
    running = await startGateway({ ...options, namespace: namespace.name });
  });
  afterAll(async () => {
    await running?.stop();
    await builds.close();
  });
  return {
    namespace,
    builds,
    get running() {
      return running!;
    },
    call: (path, asked) => call(running!.address, path, asked),
    json: (path, asked) => json(running!.address, path, asked),
  };
}

/** Below `/api/v1` every answer but a redirect is held against the OpenAPI document. */
export async function call(address: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { admin = false, headers = {}, method = 'GET', body } = options;
  const authorization = admin ? { authorization: basic() } : {};
  const answer = await fetch(`${address}${path}`, {
    method,
    headers: { ...authorization, ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  if (path.startsWith('/api/v1') && answer.status !== 307) await checkAnswer(method, path, answer);
  return answer;
}

// biome-ignore lint/suspicious/noExplicitAny: any answer.
export async function json(address: string, path: string, options: CallOptions = {}): Promise<any> {
  const answer = await call(address, path, options);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}: ${text}`);
  return JSON.parse(text);
}

/** A commit's hash made of any text. */
export function commitOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

type Spec = Partial<RunboatBuildSpec>;

/** Writes builds and their status as kubectl and the operator do. */
export class TestBuilds {
  private client: KubeClient | undefined;

  constructor(private readonly namespace: TestNamespace) {}

  async open(): Promise<void> {
    this.client = new KubeClient({ connection: await connect() });
  }

  async close(): Promise<void> {
    await this.client?.connection.close();
  }

  get kube(): KubeClient {
    return this.client!;
  }

  get path(): string {
    return `/apis/${API_GROUP_VERSION}/namespaces/${this.namespace.name}/runboatbuilds`;
  }

  async create(
    name: string,
    spec: Spec = {},
    status?: RunboatBuildStatus,
    metadata: object = {},
  ): Promise<KubeObject> {
    const made = await this.kube.create<KubeObject>(this.path, {
      apiVersion: API_GROUP_VERSION,
      kind: BUILD_KIND,
      metadata: { name, ...metadata },
      spec: { repo: 'oca/mis-builder', targetBranch: '16.0', commit: commitOf(name), ...spec },
    });
    return status === undefined ? made : this.setStatus(name, status);
  }

  setStatus(name: string, status: RunboatBuildStatus): Promise<KubeObject> {
    return this.kube.mergePatch(objectPath(this.path, name), { status }, { subresource: 'status' });
  }

  patch(name: string, patch: object): Promise<KubeObject> {
    return this.kube.mergePatch(objectPath(this.path, name), patch);
  }

  get(name: string): Promise<KubeObject> {
    return this.kube.get(objectPath(this.path, name));
  }

  async names(): Promise<string[]> {
    const { items } = await this.kube.listAll<KubeObject>(this.path);
    return items.map(({ metadata }) => metadata.name).sort();
  }

  /** Waits for no finalizer. */
  async delete(name: string): Promise<void> {
    await this.kube.delete(objectPath(this.path, name), { propagationPolicy: 'Background' });
  }
}
