import type { Router } from 'express';
import { GitHubClient } from '../lib/github/client.js';
import { createEventsRouter } from './events/events-router.js';
import type { DirectRoute } from './http/direct-routes.js';
import { createLogsRouter } from './logs/logs-router.js';
import type { GatewayServices } from './services.js';
import { createTriggerRouter } from './trigger/trigger-router.js';
import { createWebhookRoute } from './webhook/webhook-route.js';

/** The parts of the gateway besides its core: streams and forges. */
export function createRouters(services: GatewayServices): { api: Router[]; direct: DirectRoute[] } {
  const github = new GitHubClient({ settings: () => services.config.github });
  return {
    api: [
      createEventsRouter(services),
      createLogsRouter(services),
      createTriggerRouter({ ...services, github }),
    ],
    direct: [createWebhookRoute(services)],
  };
}
