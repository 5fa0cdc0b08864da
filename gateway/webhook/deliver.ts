import type { BuildIdentity } from '../../crds/names.js';
import type { BuildActions } from '../builds/actions.js';
import type { BuildFilter } from '../builds/build-filter.js';
import { parseIdentity } from '../builds/identity.js';
import { HttpError, NoRule, unavailable } from '../http/http-error.js';
import type { Wish } from './wish.js';

/** The answer to a delivery. */
export interface DeliveryResult {
  readonly result: 'accepted' | 'ignored';
  /** A sentence. */
  readonly reason: string;
  /** The name of the build that now stands for the commit; null when none does. */
  readonly build: string | null;
}

export interface DeliveryServices {
  readonly actions: Pick<BuildActions, 'ensure' | 'removeMatching'>;
  /** Resolves when all builds are known, at once in normal times. */
  readonly whenSynced: () => Promise<void>;
  /**
   * Compares the watch with the API server. What is to be deleted is looked for in the watch, and may be a build that
   * another copy of the gateway has made a moment ago; GitHub does not say it again.
   */
  readonly freshen: () => Promise<void>;
  /** Milliseconds; 8500. The actions give up a write after 8 s. */
  readonly withinMs?: number;
}

/** GitHub waits 10 s for the answer. */
const WITHIN_MS = 8_500;

/**
 * Fulfils a wish; resolves when everything is written. The actions repeat what fails.
 * @throws HttpError 503 when it cannot be written in the time that GitHub waits, or is refused by the cluster.
 */
export async function deliver(wish: Wish, services: DeliveryServices): Promise<DeliveryResult> {
  if (wish.ignored !== undefined) return { result: 'ignored', reason: wish.ignored, build: null };
  const { withinMs = WITHIN_MS } = services;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const detail = 'The cluster does not answer in time. Deliver this webhook again later.';
    timer = setTimeout(() => reject(unavailable(detail, 5)), withinMs);
  });
  try {
    return await Promise.race([fulfil(wish, services), tooLate]);
  } catch (error) {
    throw asFailure(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Both parts at the same time: one after the other they could take twice as long as GitHub waits. */
async function fulfil(wish: Wish, services: DeliveryServices): Promise<DeliveryResult> {
  await services.whenSynced();
  const [built, removed] = await Promise.all([
    wish.build && ensure(wish.build, services),
    wish.remove && remove(wish.remove, services),
  ]);
  if (removed === undefined)
    return built ?? { result: 'accepted', reason: 'The webhook works.', build: null };
  const reason = `${built ? `${built.reason} ` : ''}Builds that are being undeployed: ${removed}.`;
  return { result: 'accepted', reason, build: built?.build ?? null };
}

async function remove(filter: BuildFilter, { actions, freshen }: DeliveryServices): Promise<number> {
  await freshen();
  return (await actions.removeMatching(filter)).length;
}

/** GitHub's names are GitHub's business: what no rule matches, or no build can be of, is no mistake of the sender. */
async function ensure(claim: BuildIdentity, { actions }: DeliveryServices): Promise<DeliveryResult> {
  let identity: BuildIdentity;
  try {
    identity = parseIdentity(claim);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return ignored(error);
  }
  try {
    const { name, created } = await actions.ensure(identity);
    const reason = created ? 'A build was created.' : 'There is a build of this commit already.';
    return { result: 'accepted', reason, build: name };
  } catch (error) {
    if (!(error instanceof NoRule)) throw error;
    return ignored(error);
  }
}

function ignored({ detail }: HttpError): DeliveryResult {
  return { result: 'ignored', reason: detail, build: null };
}

/** A refusal by the cluster, such as that of a policy, is no mistake of the sender, who has to deliver again. */
function asFailure(error: unknown): unknown {
  if (!(error instanceof HttpError) || error.status >= 500) return error;
  return unavailable(`${error.detail} Deliver this webhook again once that is put right.`, 30, error);
}
