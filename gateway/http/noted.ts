import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is noted of a request for its log line and its metrics. Express knows it as `response.locals`. */
export interface Notes {
  readonly requestId: string;
  /** Of the caller; undefined when the connection was gone already. */
  readonly address: string | undefined;
  /** The template of the path, by the part that serves it. */
  route?: string;
  /** Who has signed in. */
  user?: string;
  /** Further fields of the log line. */
  logged?: object;
}

/** An answer with the notes that every request gets at its beginning. */
export type NotedResponse = ServerResponse & { locals: Notes };

/** What is done with every request before anything else: without Express, which is dear. It must not throw. */
export type FirstStep = (request: IncomingMessage, response: ServerResponse) => void;
