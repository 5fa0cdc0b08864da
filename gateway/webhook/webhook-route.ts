import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../lib/telemetry/logger.js';
import { createFreshen } from '../builds/freshen.js';
import { textOf } from '../http/caller.js';
import type { DirectRoute } from '../http/direct-routes.js';
import { HttpError } from '../http/http-error.js';
import type { NotedResponse } from '../http/noted.js';
import type { GatewayServices } from '../services.js';
import { type DeliveryServices, deliver } from './deliver.js';
import { parsePayload } from './payload.js';
import { BodyReader } from './read-body.js';
import { isSigned } from './signature.js';
import { wishOf } from './wish.js';

export type WebhookServices = Pick<GatewayServices, 'actions' | 'config' | 'log'> & {
  readonly informer: Pick<GatewayServices['informer'], 'resync' | 'whenSynced'>;
};

/** GitHub sends no larger ones. */
const MAX_BODY_BYTES = 25 * 1024 * 1024;
const MAX_BYTES_TOGETHER = 4 * MAX_BODY_BYTES;
/** Parsing takes time and memory that nobody gets who knows no secret; GitHub's are rarely over 100 KiB. */
const MAX_UNSIGNED_BYTES = 1024 * 1024;

const HOW_TO_SIGN =
  'Set github.webhookSecret (RUNBOAT_GITHUB_WEBHOOK_SECRET) to the secret of the webhook, ' +
  'or github.allowUnsignedWebhooks to take webhooks from everybody.';

/** `POST /webhooks/github`. It reads the body itself, so nothing before it may. */
export function createWebhookRoute({ actions, config, informer, log }: WebhookServices): DirectRoute {
  warnOfSigning(config.github, log);
  const bodies = new BodyReader({ each: MAX_BODY_BYTES, together: MAX_BYTES_TOGETHER });
  const delivery = {
    actions,
    whenSynced: () => informer.whenSynced(),
    freshen: createFreshen(informer),
  };
  return {
    path: '/webhooks/github',
    post: async (request, response) => {
      const body = await readTrusted(request, config.github, bodies);
      await answer({ request, response, body }, delivery);
    },
  };
}

type SigningSettings = Pick<WebhookServices['config']['github'], 'webhookSecret' | 'allowUnsignedWebhooks'>;

/** Said at the start and after a change: an installation without webhooks looks as if it worked. */
export function warnOfSigning({ webhookSecret, allowUnsignedWebhooks }: SigningSettings, log: Logger): void {
  if (webhookSecret !== undefined) return;
  if (allowUnsignedWebhooks) log.warn({}, 'Webhooks are taken from everybody: they need no signature');
  else log.warn({ detail: HOW_TO_SIGN }, 'Webhooks are refused, because no secret is configured');
}

/** The body, if its sender knows the secret. @throws HttpError 503, 413 or 401. */
async function readTrusted(
  request: IncomingMessage,
  settings: SigningSettings,
  bodies: BodyReader,
): Promise<Buffer> {
  const { webhookSecret, allowUnsignedWebhooks } = settings;
  if (webhookSecret === undefined && !allowUnsignedWebhooks) {
    throw new HttpError(503, `Webhooks are refused, because no secret is configured. ${HOW_TO_SIGN}`);
  }
  if (webhookSecret === undefined) return bodies.read(request, MAX_UNSIGNED_BYTES);
  const body = await bodies.read(request);
  if (isSigned(body, textOf(request, 'x-hub-signature-256'), webhookSecret)) {
    return body;
  }
  throw new HttpError(
    401,
    'The header X-Hub-Signature-256 is missing or does not fit the body. Configure the same secret here and in the webhook.',
  );
}

async function answer(
  { request, response, body }: { request: IncomingMessage; response: NotedResponse; body: Buffer },
  services: DeliveryServices,
): Promise<void> {
  const event = textOf(request, 'x-github-event');
  if (!event) throw new HttpError(400, 'The header X-GitHub-Event is missing. GitHub sends it.');
  const result = await deliver(wishOf(event, parsePayload(body)), services);
  const delivery = textOf(request, 'x-github-delivery')?.slice(0, 64);
  response.locals.logged = { event: event.slice(0, 64), delivery, ...result };
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(result));
}
