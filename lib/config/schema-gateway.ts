import { ADDRESS, PORT, type SettingSchema } from './schema-parts.js';

export const PUBLIC_ACTIONS = ['start', 'stop', 'reset'] as const;

export const API_SCHEMA: SettingSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  properties: {
    adminUser: {
      type: 'string',
      description: "The administrator's name. Required by the gateway.",
      minLength: 1,
      maxLength: 256,
    },
    adminPassword: {
      type: 'string',
      description: "The administrator's password. Required by the gateway.",
      minLength: 1,
      maxLength: 1024,
      secret: true,
      usedBy: 'gateway',
      environment: 'RUNBOAT_API_ADMIN_PASSWD',
    },
    publicActions: {
      type: 'array',
      description: 'What everybody may do without being the administrator.',
      items: { type: 'string', enum: PUBLIC_ACTIONS },
      uniqueItems: true,
      default: [...PUBLIC_ACTIONS],
    },
  },
};

export const HTTP_SCHEMA: SettingSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  properties: {
    port: {
      ...PORT,
      description: 'The port of the gateway; 0: a free one.',
      default: 8000,
      environment: 'RUNBOAT_LISTEN_PORT',
    },
    trustProxy: {
      type: 'boolean',
      description: "Whether a proxy's `X-Forwarded-*` headers are believed.",
      default: false,
    },
    hsts: {
      type: 'boolean',
      description: 'Whether browsers are told to use https only (this host, not the builds).',
      default: false,
    },
  },
};

export const GITHUB_SCHEMA: SettingSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  properties: {
    token: {
      type: 'string',
      description: 'A token for the GitHub API.',
      minLength: 1,
      maxLength: 1024,
      secret: true,
    },
    app: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'privateKey'],
      properties: {
        id: {
          type: 'string',
          description: 'The number of a GitHub App, in place of the token.',
          asText: true,
          minLength: 1,
          maxLength: 256,
        },
        privateKey: {
          type: 'string',
          description: "The App's private key (PEM; `\\n` may stand for a line's end).",
          minLength: 1,
          maxLength: 16_384,
          secret: true,
        },
      },
    },
    webhookSecret: {
      type: 'string',
      description: "The secret that signs GitHub's webhooks. Used by the gateway.",
      minLength: 1,
      maxLength: 1024,
      secret: true,
      usedBy: 'gateway',
    },
    allowUnsignedWebhooks: {
      type: 'boolean',
      description:
        'Whether webhooks are taken without a signature when there is no `webhookSecret`; of at most 1 MiB each.',
      default: false,
    },
    apiUrl: {
      ...ADDRESS,
      description: 'The address of the GitHub API.',
      default: 'https://api.github.com',
    },
    webUrl: { ...ADDRESS, description: "The address of GitHub's pages.", default: 'https://github.com' },
    commitStatuses: {
      type: 'boolean',
      description: 'Whether the state of builds is reported as commit statuses.',
      default: true,
      environment: 'RUNBOAT_DISABLE_COMMIT_STATUSES',
      inverted: true,
    },
  },
};
