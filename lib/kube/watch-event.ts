import type { KubeObject, Status } from './types.js';

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; resourceVersion: string }
  | { type: 'ERROR'; status: Status };

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
