import { KubeClient, type Unparsed } from '../../../../lib/kube/client.js';
import { NoAnswerError } from '../../../../lib/kube/errors.js';
import type { KubeRequest } from '../../../../lib/kube/requests.js';
import type { KubeObject } from '../../../../lib/kube/types.js';
import type { Random } from './random.js';
import { copy, type Propagation, refusal, type World, type WorldObject } from './world.js';

/**
 * What happens to one write: it is refused for a moment, or as if somebody had changed the object; it or its answer
 * is lost; it is carried out only after the client has given up; the operator is killed right before or after it, or
 * while it is still on its way.
 */
export const faultKinds = [
  'refused',
  'conflict',
  'lost',
  'answerLost',
  'late',
  'crashBefore',
  'crashAfter',
  'crashLate',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Write {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  /** Of the object, or the plural alone when it is created. */
  readonly key: string;
  readonly body: KubeObject;
  readonly isApply: boolean;
  readonly subresource: string | undefined;
  /** It arrived after the client had given up. */
  readonly isLate: boolean;
}

export interface ClientOptions {
  readonly world: World;
  readonly random: Random;
  /** What shall happen to the write. */
  readonly nextFault: (write: Write) => FaultKind | undefined;
  /** Whether the next read goes unanswered. */
  readonly readFails: () => boolean;
  /** Looks at a write right before it is carried out; may throw a refusal. */
  readonly beforeWrite: (write: Write) => void;
  readonly afterWrite: (write: Write, object: WorldObject | undefined) => void;
  readonly crash: () => void;
}

/** The operator's way into the model of the world. A client whose operator was killed never answers again. */
export class WorldClient extends KubeClient {
  private dead = false;

  constructor(private readonly setting: ClientOptions) {
    super({ connection: undefined as never });
  }

  die(): void {
    this.dead = true;
  }

  override async exchange<T>(request: KubeRequest): Promise<Unparsed<T>> {
    await this.passTime();
    const answer = request.method === 'GET' ? this.answerRead(request) : this.answerWrite(request);
    await this.passTime();
    return () => copy(answer) as T;
  }

  private async passTime(): Promise<void> {
    const { random } = this.setting;
    const milliseconds = random.chance(0.05) ? random.between(100, 2000) : random.between(1, 15);
    await new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
    if (this.dead) await new Promise(() => {});
  }

  private answerRead(request: KubeRequest): unknown {
    if (this.setting.readFails()) throw this.noAnswer(request);
    const { world } = this.setting;
    const { key } = parsePath(request.path);
    if (!key.includes('/')) return this.answerList(key, String(request.query?.['labelSelector'] ?? ''));
    const object = world.get(key);
    if (!object) throw refusal(404, 'NotFound', `${key} not found`, key);
    return object;
  }

  private answerList(plural: string, selector: string): unknown {
    const wanted = selector.split(',').map((part) => part.split('='));
    const matches = ({ metadata }: WorldObject) =>
      wanted.every(([key = '', value]) =>
        value === undefined ? metadata.labels?.[key] !== undefined : metadata.labels?.[key] === value,
      );
    const { world } = this.setting;
    return {
      metadata: { resourceVersion: world.resourceVersion },
      items: world.list(plural).filter(matches),
    };
  }

  private answerWrite(request: KubeRequest): unknown {
    const write = asWrite(request);
    // Events change nothing, and dry runs neither; none of the latter is refused here.
    if (write.key === 'events' || request.query?.['dryRun'] !== undefined) return {};
    switch (this.setting.nextFault(write)) {
      case 'refused':
        throw refusal(429, 'TooManyRequests', 'too many requests', write.key);
      case 'conflict':
        throw refusal(409, 'Conflict', 'somebody was quicker', write.key);
      case 'lost':
        throw this.noAnswer(request);
      case 'late':
        this.carryOutLater(write);
        throw this.noAnswer(request);
      case 'answerLost':
        this.carryOut(write);
        throw this.noAnswer(request);
      case 'crashLate':
        this.carryOutLater(write);
        return this.crash();
      case 'crashBefore':
        return this.crash();
      case 'crashAfter':
        this.carryOut(write);
        return this.crash();
      default:
        return this.carryOut(write);
    }
  }

  private crash(): undefined {
    this.setting.crash();
    return undefined;
  }

  /** Up to one request timeout later, also when the operator has been killed meanwhile. */
  private carryOutLater(write: Write): void {
    setTimeout(
      () => {
        try {
          this.carryOut({ ...write, isLate: true });
        } catch {
          // Nobody waits for the answer.
        }
      },
      this.setting.random.between(10, 9_000),
    );
  }

  private carryOut(write: Write): unknown {
    const { world, beforeWrite, afterWrite } = this.setting;
    beforeWrite(write);
    const { method, key, body, subresource } = write;
    let object: WorldObject | undefined;
    if (method === 'POST') object = world.create(key, body);
    else if (method === 'DELETE') object = this.deleteObject(key, body);
    else if (write.isApply) object = world.apply(key, body);
    else object = world.mergePatch(key, body, subresource);
    afterWrite(write, object);
    return object ?? { kind: 'Status', status: 'Success' };
  }

  private deleteObject(key: string, body: KubeObject): WorldObject | undefined {
    const { propagationPolicy, preconditions } = body as unknown as {
      propagationPolicy: Propagation;
      preconditions?: { uid?: string; resourceVersion?: string };
    };
    return this.setting.world.delete(key, propagationPolicy, preconditions);
  }

  private noAnswer({ method, path }: KubeRequest): NoAnswerError {
    return new NoAnswerError({ method, path, why: 'the model lost it', sent: true });
  }
}

function asWrite({ method, path, body, contentType }: KubeRequest): Write {
  const { key, subresource } = parsePath(path);
  const isApply = contentType === 'application/apply-patch+yaml';
  return {
    method: method as Write['method'],
    key,
    body: body as KubeObject,
    isApply,
    subresource,
    isLate: false,
  };
}

/** `/apis/apps/v1/namespaces/builds/deployments/web` is `deployments/web`. */
function parsePath(path: string): { key: string; subresource: string | undefined } {
  const [plural = '', name, subresource] = path.replace(/^.*\/namespaces\/[^/]+\//, '').split('/');
  return { key: name === undefined ? plural : `${plural}/${name}`, subresource };
}
