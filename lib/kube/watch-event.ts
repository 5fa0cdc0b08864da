import type { KubeObject, Status } from './types.js';

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; resourceVersion: string }
  | { type: 'ERROR'; status: Status };

/** What begins the lines of events that may repeat what a write of our own was answered with. */
const REPEATABLE = /^\{"type":"(ADDED|MODIFIED)"/;
const VERSION = '"resourceVersion":"';

/**
 * The resourceVersion of the object of an event, found without parsing the line; undefined for other events, and when
 * anything else in the line is called so too. In texts the quotes would be escaped.
 */
export function versionIn(line: string): { type: 'ADDED' | 'MODIFIED'; resourceVersion: string } | undefined {
  const type = REPEATABLE.exec(line)?.[1] as 'ADDED' | 'MODIFIED' | undefined;
  const at = line.indexOf(VERSION);
  if (type === undefined || at === -1) return undefined;
  const begin = at + VERSION.length;
  if (line.includes(VERSION, begin)) return undefined;
  return { type, resourceVersion: line.slice(begin, line.indexOf('"', begin)) };
}

/** Parses one line of a watch. @throws Error when it is not an event of an API server. */
export function parseWatchEvent(line: string): WatchEvent {
  const event = parseJson(line) as { type?: unknown; object?: KubeObject } | null;
  const object = event?.object;
  if (typeof object !== 'object' || object === null) throw notAnEvent(line);
  switch (event?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (!isObject(object)) throw notAnEvent(line);
      return { type: event.type, object };
    case 'BOOKMARK':
      if (typeof object.metadata?.resourceVersion !== 'string') throw notAnEvent(line);
      return { type: 'BOOKMARK', resourceVersion: object.metadata.resourceVersion };
    case 'ERROR':
      return { type: 'ERROR', status: object as unknown as Status };
    default:
      throw notAnEvent(line);
  }
}

function isObject(object: KubeObject): boolean {
  const { name, uid, resourceVersion } = object.metadata ?? {};
  return typeof name === 'string' && typeof uid === 'string' && typeof resourceVersion === 'string';
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw notAnEvent(line);
  }
}

/** Names the length only: what stands there could be anything, a Secret too. */
function notAnEvent(line: string): Error {
  return new Error(`the watch sent a line of ${line.length} characters that is not a watch event`);
}
