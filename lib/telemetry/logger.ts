import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** How long lines may wait for others to be written with them, milliseconds, and how many characters. */
const GATHERED_MS = 20;
const GATHERED_CHARACTERS = 4_096;

/**
 * A structured logger that writes one JSON object a line to standard output. Messages are fixed texts;
 * what varies is a field, so a build's story is found by `build`.
 */
export function createLogger(component: string, level: string): Logger {
  const settings = {
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // A last line of defence: no code logs these fields on purpose.
    redact: {
      paths: ['secretEnv', '*.secretEnv', 'headers.authorization', '*.headers.authorization'],
      remove: true,
    },
  };
  output ??= gatheringOutput();
  return pino(settings, output);
}

/** That of all loggers of the process. */
let output: DestinationStream | undefined;

/**
 * Standard output. Lines that come together are written together, because each write costs its reader too. What waits
 * is written at the end of the process, unless it is killed.
 */
function gatheringOutput(): DestinationStream {
  const file = pino.destination({ sync: true, minLength: GATHERED_CHARACTERS });
  let isWaiting = false;
  const flush = () => {
    isWaiting = false;
    file.flushSync();
  };
  process.once('exit', flush);
  return {
    write(line) {
      file.write(line);
      if (isWaiting) return;
      isWaiting = true;
      setTimeout(flush, GATHERED_MS).unref();
    },
  };
}
