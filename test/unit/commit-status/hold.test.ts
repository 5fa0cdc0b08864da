import { describe, expect, it } from '@jest/globals';
import { GitHubError, type GitHubErrorKind } from '../../../lib/github/errors.js';
import { judge } from '../../../operator/commit-status/hold.js';

const now = 1_000_000;

function error(kind: GitHubErrorKind, retryAt?: number): GitHubError {
  return new GitHubError({ kind, task: 'set a status', why: 'GitHub said so', retryAt });
}

describe('after a status that GitHub did not accept', () => {
  it.each(['notFound', 'refused', 'forbidden'] as const)('it is given up when it is %s', (kind) => {
    expect(judge(error(kind), 1, now)).toEqual({ type: 'giveUp' });
  });

  it('nothing is sent before the end of a rate limit', () => {
    expect(judge(error('rateLimited', now + 90_000), 1, now)).toEqual({ type: 'pause', until: now + 90_000 });
  });

  it('nothing is sent before the time that a server in trouble names', () => {
    expect(judge(error('unavailable', now + 30_000), 3, now)).toEqual({ type: 'pause', until: now + 30_000 });
  });

  it('even "at once" is a pause, so that nobody asks in a circle', () => {
    expect(judge(error('rateLimited', now), 1, now)).toEqual({ type: 'pause', until: now + 1_000 });
  });

  it('delays grow, up to five minutes', () => {
    const delays = [1, 2, 3, 4, 20, 500].map((failures) => judge(error('timedOut'), failures, now));
    expect(delays).toEqual(
      [1_000, 2_000, 4_000, 8_000, 300_000, 300_000].map((delayMs) => ({ type: 'retry', delayMs })),
    );
  });

  it('wrong credentials stop everything, for longer each time', () => {
    expect(judge(error('unauthorized'), 1, now)).toEqual({ type: 'pause', until: now + 15_000 });
    expect(judge(error('unauthorized'), 9, now)).toEqual({ type: 'pause', until: now + 300_000 });
  });
});
