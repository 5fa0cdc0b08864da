import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { OPENAPI } from '../../gateway/openapi/document.js';

type Operation = { responses: Record<string, { content?: Record<string, unknown> }> };

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (instance: unknown) => void)(ajv);
ajv.addSchema(OPENAPI, 'openapi');

/** Throws with what is wrong when an answer is not as the OpenAPI document says. */
export async function checkAnswer(method: string, path: string, answer: Response): Promise<void> {
  const template = templateOf(path.split('?', 1)[0]!);
  if (template === undefined) throw new Error(`The OpenAPI document has no path for ${path}.`);
  const operation = operationOf(template, method);
  // 405 is of the path, not of an operation.
  if (answer.status === 405 || operation === undefined) return;
  const described = operation.responses[String(answer.status)];
  const where = `${method} ${path}, ${answer.status}`;
  if (described === undefined) throw new Error(`${where}: the OpenAPI document has no such answer.`);
  const type = (answer.headers.get('content-type') ?? '').split(';', 1)[0]!;
  if (!Object.hasOwn(described.content ?? {}, type)) throw new Error(`${where}: it is of type ${type}.`);
  if (type !== 'application/json' || method === 'HEAD') return;
  const pointer = ['paths', template, verb(method), 'responses', answer.status, 'content', type, 'schema'];
  const validate = ajv.getSchema(`openapi#/${pointer.map(escapePart).join('/')}`)!;
  if (!validate(await answer.clone().json())) throw new Error(`${where}: ${ajv.errorsText(validate.errors)}`);
}

function operationOf(template: string, method: string): Operation | undefined {
  return (OPENAPI.paths as unknown as Record<string, Record<string, Operation>>)[template]?.[verb(method)];
}

function verb(method: string): string {
  return method === 'HEAD' ? 'get' : method.toLowerCase();
}

/** Paths without parameters go before those with. */
function templateOf(path: string): string | undefined {
  const templates = Object.keys(OPENAPI.paths);
  return (
    templates.find((template) => template === path) ?? templates.find((template) => fits(template, path))
  );
}

function fits(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
}

function escapePart(part: string | number): string {
  return encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
}
