import { BUILD_STATES } from '../builds/build-state.js';
import { MAX_PR } from '../builds/identity.js';

/** Words for writing operations of OpenAPI shortly. */

/** A schema of a parameter; its description goes on after "must be", for whoever sent another value. */
export interface ParameterSchema {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly [keyword: string]: unknown;
}

export interface QueryParameter {
  readonly in: 'query';
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
  readonly schema: ParameterSchema;
}

interface Description {
  readonly description: string;
  readonly schema: ParameterSchema;
}

const TEXT: ParameterSchema = { type: 'string' };

const DESCRIPTIONS: Readonly<Record<string, Description>> = {
  repo: { description: 'owner/name, without regard to case.', schema: TEXT },
  target_branch: { description: 'The branch, or the base of a pull request.', schema: TEXT },
  branch: { description: 'That branch itself, without pull requests.', schema: TEXT },
  pr: {
    description: 'The number of a pull request.',
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_PR,
      description: 'the number of a pull request, a whole number from 1 on',
    },
  },
  status: { description: 'The state.', schema: { type: 'string', enum: BUILD_STATES } },
  commit: { description: 'The full hash.', schema: TEXT },
  build_name: { description: 'The name of a build.', schema: TEXT },
  all: {
    description: 'True where no filter is given.',
    schema: { type: 'boolean', description: 'true or false' },
  },
  follow: { description: 'True goes on with what comes.', schema: { type: 'boolean' } },
  name: { description: 'The name of the build.', schema: TEXT },
  live: { description: 'With any value: to the build itself, if it is started.', schema: TEXT },
};

const BRANCH: ParameterSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  description: 'a branch of 1 to 255 characters without control characters',
};

/** What must be a text of some form where it is required; as a filter it may be any text, and an empty one is none. */
const FORMS: Readonly<Record<string, ParameterSchema>> = {
  repo: {
    type: 'string',
    maxLength: 140,
    pattern: '^(?!\\.+/)[A-Za-z0-9._-]+/(?!\\.+$)[A-Za-z0-9._-]+$',
    description: 'a repository as owner/name, for example oca/mis-builder',
  },
  target_branch: BRANCH,
  branch: BRANCH,
  commit: {
    type: 'string',
    pattern: '^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$',
    description: 'the full hash of a commit, 40 or 64 hexadecimal digits; "git rev-parse HEAD" prints it',
  },
};

/** Parameters of a query; those with `!` at the end are required. */
export function query(...names: string[]): QueryParameter[] {
  return names.map((word) => {
    const name = word.replace(/!$/, '');
    const required = name !== word;
    const { description, schema } = DESCRIPTIONS[name] as Description;
    return { in: 'query', name, required, description, schema: (required && FORMS[name]) || schema };
  });
}

export const NAME = { in: 'path', name: 'name', required: true, ...DESCRIPTIONS['name'] };

export function json(schema: string | object, description: string): object {
  const resolved = typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema;
  return { description, content: { 'application/json': { schema: resolved } } };
}

export function listOf(schema: string): object {
  return { type: 'array', items: { $ref: `#/components/schemas/${schema}` } };
}

export function content(description: string, ...types: string[]): object {
  return {
    description,
    content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }])),
  };
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request is not valid, or no rule of the configuration matches.',
  401: 'Name and password are missing or wrong (HTTP Basic).',
  403: 'A page of another origin asked.',
  404: 'There is no such thing.',
  409: 'The build is being undeployed.',
  413: 'The request is too large.',
  429: 'Too many requests came from this address; Retry-After says how long to wait.',
  502: 'GitHub, or the node that has the log, fails.',
  503: 'The gateway does not know all builds yet, or the cluster does not answer.',
  504: 'GitHub does not answer in time.',
};

/** The answers to what goes wrong. */
export function errors(...codes: number[]): Record<string, object> {
  return Object.fromEntries(codes.map((code) => [code, json('Error', ERRORS[code] ?? '')]));
}

export const ADMIN = { security: [{ admin: [] }] };
/** With `publicActions` without credentials, else with them. */
export const PERHAPS_ADMIN = { security: [{}, { admin: [] }] };
