import type { Logger } from '../telemetry/logger.js';
import { onSlowRule } from './match-rule.js';
import type { Objections, SettingsSource } from './settings-source.js';

export interface FollowOptions {
  readonly source: SettingsSource;
  readonly log: Logger;
  /** Further reasons why settings cannot come into force in this process. */
  readonly objections?: Objections;
  /** Told after each look that came to something: whether the files are in force. */
  readonly onReload: (isInOrder: boolean) => void;
  /** Milliseconds between looks; 5 s. */
  readonly everyMs?: number;
}

const EVERY_MS = 5_000;

/**
 * Looks at the files of the settings again and again, and says in the log what came of it, and which rules are too slow.
 * The answer ends it.
 */
export function followSettings(options: FollowOptions): () => void {
  const { source, log } = options;
  const stopLevel = source.current.onChange((now) => {
    log.level = now.log.level;
  });
  const stopTelling = onSlowRule(({ rule, repo, branch }) => {
    const fields = { rule: rule.label, repo, branch };
    log.warn(fields, 'A rule counts as not matching: its regular expression takes too long');
  });
  const timer = setInterval(() => lookOnce(options), options.everyMs ?? EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    stopLevel();
    stopTelling();
  };
}

function lookOnce({ source, log, objections, onReload }: FollowOptions): void {
  try {
    const look = source.look(objections);
    if (look.type === 'same') return;
    onReload(look.type === 'accepted');
    if (look.type === 'refused') {
      const problems = look.problems.map(({ path, message }) => `${path}: ${message}`);
      log.error({ problems }, 'The new settings are refused; the old ones stay in force');
      return;
    }
    log.info({ changed: look.changed }, 'The settings were read again and are in force');
    for (const warning of look.warnings) log.warn({ detail: warning }, 'Configuration warning');
  } catch (error) {
    onReload(false);
    log.error({ err: error }, 'Reading the settings again failed');
  }
}
