import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { Request } from 'express';
import type { BuildState } from '../builds/build-state.js';
import { HttpError } from '../http/http-error.js';
import { queryOf, refuseUnknown } from '../http/query.js';
import { OPENAPI } from './document.js';
import type { QueryParameter } from './parts.js';

/** The parameters that queries of the API have, as their schemas in the document make them. */
export interface QueryValues {
  readonly repo?: string;
  readonly target_branch?: string;
  readonly branch?: string;
  readonly pr?: number;
  readonly status?: BuildState;
  readonly commit?: string;
  readonly build_name?: string;
  readonly all?: boolean;
}

type Paths = typeof OPENAPI.paths;
type ReadQuery = (request: Pick<Request, 'url' | 'originalUrl'>) => QueryValues;

const ajv = new Ajv2020({ allErrors: false });

/**
 * Reads queries of one operation by what the OpenAPI document says of its parameters; others are not looked at,
 * but where a misspelt one would do harm (`refuseOthers`) they are refused. The reader throws HttpError 400.
 */
export function queryReader(
  path: keyof Paths,
  method: 'get' | 'post' | 'delete',
  { refuseOthers = false } = {},
): ReadQuery {
  const parameters = parametersOf(path, method);
  const names = parameters.map(({ name }) => name);
  const validate = ajv.compile({
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  });
  return (request) => {
    if (refuseOthers) refuseUnknown(request, names);
    const query = queryOf(request);
    const values: Record<string, unknown> = {};
    for (const { name, schema } of parameters) {
      const text = query.get(name);
      if (text !== undefined) values[name] = valueOfType(text, schema.type);
    }
    if (!validate(values)) throw new HttpError(400, sentence(validate.errors?.[0], parameters));
    return values as QueryValues;
  };
}

function parametersOf(path: keyof Paths, method: string): readonly QueryParameter[] {
  const operations = OPENAPI.paths[path] as unknown as Record<string, { parameters?: { in: string }[] }>;
  const operation = operations[method];
  if (!operation) throw new Error(`the OpenAPI document has no ${method} of ${path}`);
  const { parameters = [] } = operation;
  return parameters.filter((parameter) => parameter.in === 'query') as unknown as QueryParameter[];
}

/** A text that is none of its type stays a text, which the schema then refuses. */
function valueOfType(text: string, type: string): string | number | boolean {
  if (type === 'integer' && /^\d{1,10}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function sentence(error: ErrorObject | undefined, parameters: readonly QueryParameter[]): string {
  const missing = error?.keyword === 'required' ? String(error.params['missingProperty']) : undefined;
  if (missing !== undefined) return `The query needs the parameter ${missing}.`;
  const name = error?.instancePath.slice(1);
  const schema = parameters.find((parameter) => parameter.name === name)?.schema;
  const wanted = schema?.enum ? `one of ${schema.enum.join(', ')}` : schema?.description;
  return `The parameter ${name} must be ${wanted}.`;
}
