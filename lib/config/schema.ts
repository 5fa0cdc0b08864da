import { API_SCHEMA, GITHUB_SCHEMA, HTTP_SCHEMA } from './schema-gateway.js';
import {
  ADDRESS,
  BUNDLE_NAME,
  duration,
  envMap,
  LIMIT,
  PATTERN,
  PORT,
  type SettingSchema,
  templateVars,
} from './schema-parts.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const RULE: SettingSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['repo', 'branch', 'image'],
  properties: {
    repo: {
      ...PATTERN,
      description:
        'Regular expression for the repository (`owner/name`), anchored at the start, without regard to case.',
    },
    branch: {
      ...PATTERN,
      description:
        "Regular expression for the branch, or a pull request's base, anchored at the start, with regard to case.",
    },
    image: {
      type: 'string',
      description: 'The container image of the builds.',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._:/@-]*$',
      maxLength: 512,
      expected: 'the reference of a container image, such as ghcr.io/oca/oca-ci/py3.10-odoo16.0:latest',
    },
    kubefiles: { ...BUNDLE_NAME, description: 'The bundle of the builds; without it, `defaultBundle`.' },
    env: envMap('Environment of the builds, over the global `env` key by key.'),
    secretEnv: envMap('Secret environment of the builds, over the global `secretEnv` key by key.', {
      secret: true,
    }),
    templateVars: templateVars('Template variables, over the global `templateVars` key by key.'),
  },
};

/** The settings: the file's keys, their defaults and bounds. The documentation is generated from it. */
export const CONFIG_SCHEMA: SettingSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['namespace', 'domain', 'repos'],
  properties: {
    namespace: {
      type: 'string',
      description: 'The Kubernetes namespace where the builds live.',
      environment: 'RUNBOAT_BUILD_NAMESPACE',
      pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
      expected: 'the name of a namespace: lower case letters, digits and -, at most 63 characters',
    },
    domain: {
      type: 'string',
      description: "The builds' domain: a build is at `{urlScheme}://{build_slug}.{domain}`.",
      environment: 'RUNBOAT_BUILD_DOMAIN',
      pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$',
      maxLength: 200,
      expected:
        'a domain name in lower case, without scheme, port or final dot, at most 200 characters (a build puts its name in front)',
    },
    urlScheme: {
      type: 'string',
      description: 'The scheme of links to builds, in pages and commit statuses.',
      enum: ['http', 'https'],
      default: 'http',
    },
    baseUrl: {
      ...ADDRESS,
      description: "The address of runboat's own pages, for links in commit statuses.",
      default: 'http://localhost:8000',
    },
    databasePrefix: {
      type: 'string',
      description:
        'Put before the names of databases. Needed when two installations share a PostgreSQL server.',
      pattern: '^[a-z0-9_]{0,9}$',
      default: '',
      expected: 'at most 9 characters of a-z, 0-9 and _',
    },
    repos: {
      type: 'array',
      description:
        'What is built: one rule for each kind of repository and branch. The first that matches wins.',
      items: RULE,
      maxItems: 10_000,
      holdsSecrets: true,
    },
    bundles: {
      type: 'object',
      description:
        "Bundles of kubefiles: the name and the folder. Relative folders start at the file's folder (in the environment: at the working directory). Built-in bundles need no entry.",
      default: {},
      propertyNames: BUNDLE_NAME,
      additionalProperties: {
        type: 'string',
        minLength: 1,
        maxLength: 4096,
        expected: 'the path of a folder',
      },
    },
    defaultBundle: {
      ...BUNDLE_NAME,
      description: 'The bundle for rules without `kubefiles`.',
      default: 'odoo',
    },
    env: envMap('Environment variables of every build.', { environment: 'RUNBOAT_BUILD_ENV' }),
    secretEnv: envMap('Environment variables of every build that are kept in a Secret.', {
      environment: 'RUNBOAT_BUILD_SECRET_ENV',
      secret: true,
      usedBy: 'operator',
    }),
    templateVars: templateVars('Variables for the templates of bundles.', {
      environment: 'RUNBOAT_BUILD_TEMPLATE_VARS',
    }),
    limits: {
      type: 'object',
      additionalProperties: false,
      default: {},
      properties: {
        initializing: {
          ...LIMIT,
          description: 'Initialisations that may run at once; 0 pauses.',
          default: 2,
          environment: 'RUNBOAT_MAX_INITIALIZING',
        },
        started: {
          ...LIMIT,
          description: 'Builds that may run at once; the oldest others are stopped.',
          default: 6,
          environment: 'RUNBOAT_MAX_STARTED',
        },
        deployed: {
          ...LIMIT,
          description: 'Builds that may exist; the oldest that are stopped or failed are deleted.',
          default: 10,
          environment: 'RUNBOAT_MAX_DEPLOYED',
        },
        cleaning: { ...LIMIT, description: 'Cleanup jobs that may run at once.', default: 4 },
      },
    },
    timeouts: {
      type: 'object',
      additionalProperties: false,
      default: {},
      properties: {
        initialize: duration(
          'The longest an initialisation may take; the deadline of its job is never later.',
          '30m',
          { min: '1s', max: '168h' },
        ),
        cleanup: duration('The longest a cleanup job may take.', '10m', { min: '1s', max: '168h' }),
      },
    },
    retention: {
      type: 'object',
      additionalProperties: false,
      default: {},
      properties: {
        minimumAge: duration(
          'For this long after the end of its initialisation, the limit of deployed builds does not delete a build.',
          '10m',
          { min: '0s', max: '8760h' },
        ),
        finishedJobs: duration('For this long the finished initialise job and its log are kept.', '72h', {
          min: '0s',
          max: '8760h',
        }),
      },
    },
    cleanupJob: {
      type: 'boolean',
      description:
        'Whether deleting a build runs the cleanup job of its bundle; false: only resources are deleted.',
      default: true,
      environment: 'RUNBOAT_NO_CLEANUP_JOB',
      inverted: true,
    },
    resourceTypes: {
      type: 'array',
      description:
        "The kinds of resources that bundles may contain, in kubectl's spellings (`pvc`, `ingress`, `certificates.cert-manager.io`).",
      items: {
        type: 'string',
        pattern: '^[A-Za-z][A-Za-z0-9-]*(\\.[A-Za-z0-9][A-Za-z0-9.-]*)?$',
        maxLength: 300,
        expected: 'a kind of resource as kubectl knows it, such as pvc or deployments.apps',
      },
      minItems: 1,
      maxItems: 200,
      default: ['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job'],
      environment: 'RUNBOAT_DEPLOYMENT_RESOURCE_TYPES',
    },
    paused: {
      type: 'boolean',
      description: 'Observe only, change nothing.',
      default: false,
    },
    api: API_SCHEMA,
    http: HTTP_SCHEMA,
    github: GITHUB_SCHEMA,
    footerHtml: {
      type: 'string',
      description:
        'HTML that is put into the footer of every page. Images over https and `style` attributes work, scripts and style sheets do not.',
      maxLength: 65_536,
      default: '',
      environment: 'RUNBOAT_ADDITIONAL_FOOTER_HTML',
    },
    log: {
      type: 'object',
      additionalProperties: false,
      default: {},
      properties: {
        level: {
          type: 'string',
          description: 'How much is logged.',
          enum: LOG_LEVELS,
          default: 'info',
        },
      },
    },
    metricsPort: {
      ...PORT,
      description: 'The port of `/healthz`, `/readyz` and `/metrics`; 0: a free one, which is printed.',
      default: 8081,
      environmentOnly: true,
    },
  },
};
