import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { BUILD_STATES } from '../../../gateway/builds/build-state.js';
import { withRetries } from '../../../gateway/builds/retry.js';
import { onceAVersion } from '../../../gateway/http/memo.js';
import { queryOf, refuseUnknown } from '../../../gateway/http/query.js';
import { GatewayMetrics } from '../../../gateway/metrics.js';
import { badge } from '../../../gateway/pages/badge.js';
import { escapeHtml } from '../../../gateway/pages/escape-html.js';
import { STATE_LOOKS } from '../../../gateway/pages/state-looks.js';
import { ApiError, NoAnswerError } from '../../../lib/kube/errors.js';

const request = (originalUrl: string) => ({ originalUrl, url: originalUrl });

describe('A query', () => {
  it('has of a repeated parameter the last, and none that is empty', () => {
    expect([...queryOf(request('/x?a=1&a=2&b=&c=%26&d'))]).toEqual([
      ['a', '2'],
      ['c', '&'],
    ]);
    expect(queryOf(request('/x?a=1&a=')).has('a')).toBe(false);
    expect(queryOf(request('/x')).size).toBe(0);
  });

  it('with a parameter that is not known, empty ones included, is refused where that matters', () => {
    expect(() => refuseUnknown(request('/x?repo=a'), ['repo'])).not.toThrow();
    expect(() => refuseUnknown(request('/x?repo=a&reop='), ['repo'])).toThrow(/reop.*repo/);
  });
});

describe('Retries', () => {
  const passing = () => new NoAnswerError({ method: 'POST', path: '/x', why: 'gone', sent: true });
  const refusal = (status: number) =>
    new ApiError({ method: 'POST', path: '/x', status, reason: 'Some', serverMessage: 'no' });

  it('repeat what may pass until it has', async () => {
    let attempts = 0;
    const result = await withRetries({ withinMs: 5_000, now: () => performance.now() }, async (timeoutMs) => {
      expect(Number.isInteger(timeoutMs)).toBe(true);
      if (++attempts < 3) throw attempts === 1 ? passing() : refusal(503);
      return attempts;
    });
    expect(result).toBe(3);
  });

  it.each([400, 403, 404, 409, 422])('do not repeat a refusal with %d', async (status) => {
    let attempts = 0;
    const trying = withRetries({ withinMs: 5_000, now: () => performance.now() }, async () => {
      attempts++;
      throw refusal(status);
    });
    await expect(trying).rejects.toMatchObject({ status });
    expect(attempts).toBe(1);
  });

  it('end when the time is up, with the last error', async () => {
    let now = 0;
    const trying = withRetries({ withinMs: 1_000, now: () => now }, async (timeoutMs) => {
      now += timeoutMs;
      throw passing();
    });
    await expect(trying).rejects.toThrow(/no answer/);
  });
});

describe('A badge', () => {
  it.each([...BUILD_STATES, 'unknown' as const])('names the state %s for eyes and for readers', (state) => {
    const picture = badge(state);
    expect(picture).toContain(`aria-label="runboat: ${state}"`);
    expect(picture).toContain(`>${state}</text>`);
    expect(picture).toContain(`d="${STATE_LOOKS[state].shape}"`);
  });
});

describe('Text in HTML', () => {
  it('has no character that could end it', () => {
    expect(escapeHtml(`<a href="x" id='y'>&`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;');
  });
});

describe('What is kept for a version', () => {
  it('is made anew when the version is another one, and only then', () => {
    let [version, made] = [1, 0];
    const get = onceAVersion(
      () => version,
      () => ++made,
    );
    expect([get(), get()]).toEqual([1, 1]);
    version = 2;
    expect(get()).toBe(2);
  });
});

describe('The metrics', () => {
  it('have a registry of their own, so that several gateways fit into one process', () => {
    expect(new GatewayMetrics().registry).not.toBe(new GatewayMetrics().registry);
    expect(new GatewayMetrics().registry).toBeInstanceOf(Registry);
  });
});
