import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * A structured logger that writes one JSON object a line to standard output. Messages are fixed texts;
 * what varies is a field, so a build's story is found by `build`.
 */
export function createLogger(component: string, level: string): Logger {
  return pino({
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // A last line of defence: no code logs these fields on purpose.
    redact: {
      paths: ['secretEnv', '*.secretEnv', 'headers.authorization', '*.headers.authorization'],
      remove: true,
    },
  });
}
