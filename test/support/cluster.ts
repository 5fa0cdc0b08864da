import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, jest } from '@jest/globals';
import { type CommandOptions, runCommand } from '../cluster/command.js';

export { type WaitOptions, waitFor } from './wait-for.js';

// Tests against a cluster wait for what other programs do; on a loaded machine that takes its time.
jest.setTimeout(60_000);

/** Runs kubectl against the tests' cluster and gives what it printed. Throws with its standard error. */
export function kubectl(args: string[], input?: string): Promise<string> {
  const options: CommandOptions = { input };
  return runCommand('kubectl', args, options);
}

/** What kubectl reads of one resource, as JSON. Nothing if it does not exist. */
// biome-ignore lint/suspicious/noExplicitAny: any kind of resource.
export async function getResource(namespace: string, kind: string, name: string): Promise<any> {
  const text = await kubectl(['get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found']);
  return text === '' ? undefined : JSON.parse(text);
}

/** Creates or updates resources given as objects. */
export async function apply(namespace: string, ...objects: object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await kubectl(['apply', '-n', namespace, '-f', '-'], JSON.stringify(list));
}

export interface TestNamespace {
  /** Its name, known at once; the namespace exists when tests and `beforeEach` run. */
  readonly name: string;
}

/** A namespace for the tests of the surrounding block, created before them and deleted after them. */
export function useNamespace(): TestNamespace {
  const name = `test-${randomBytes(5).toString('hex')}`;
  beforeAll(() => createNamespace(name));
  afterAll(() => deleteNamespace(name));
  return { name };
}

/** Creates a namespace; a random name is made if none is given. Gives the name. */
export async function createNamespace(name = `test-${randomBytes(5).toString('hex')}`): Promise<string> {
  await kubectl(['create', 'namespace', name]);
  return name;
}

/** Deletes a namespace and all that is in it, without waiting for the end of it. */
export async function deleteNamespace(name: string): Promise<void> {
  await kubectl(['delete', 'namespace', name, '--wait=false', '--ignore-not-found']);
}
