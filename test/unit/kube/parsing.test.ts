import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Backoff } from '../../../lib/kube/backoff.js';
import { objectPath, queryString, resourceOfPath, resourcePath } from '../../../lib/kube/paths.js';
import { compareResourceVersions } from '../../../lib/kube/resource-version.js';
import { parseWatchEvent, versionIn } from '../../../lib/kube/watch-event.js';
import { LineSplitter } from '../../../lib/kube/watch-lines.js';

describe('resource versions', () => {
  it('are compared as integers of any size', () => {
    const integers = fc.bigInt({ min: 0n, max: 10n ** 30n });
    fc.assert(
      fc.property(integers, integers, (a, b) => {
        expect(Math.sign(compareResourceVersions(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });
});

describe('paths', () => {
  it('are built for the core group and for others, with and without namespace and name', () => {
    const core = { group: '', version: 'v1', plural: 'pods' };
    expect(resourcePath(core)).toBe('/api/v1/pods');
    expect(resourcePath({ ...core, namespace: 'ns', name: 'a' })).toBe('/api/v1/namespaces/ns/pods/a');
    const apps = { group: 'apps', version: 'v1', plural: 'deployments', namespace: 'ns' };
    expect(resourcePath(apps)).toBe('/apis/apps/v1/namespaces/ns/deployments');
    expect(objectPath(resourcePath(apps), 'x')).toBe(resourcePath({ ...apps, name: 'x' }));
  });

  it('cannot be left by a name', () => {
    const path = resourcePath({
      group: '',
      version: 'v1',
      plural: 'pods',
      namespace: 'a/b',
      name: '../../x?y',
    });
    expect(path).toBe('/api/v1/namespaces/a%2Fb/pods/..%2F..%2Fx%3Fy');
  });

  it('give metrics the resource and the subresource only', () => {
    expect(resourceOfPath('/api/v1/namespaces/ns/pods/a/log')).toBe('pods/log');
    expect(resourceOfPath('/apis/apps/v1/namespaces/ns/deployments')).toBe('deployments');
    expect(resourceOfPath('/api/v1/namespaces/ns')).toBe('namespaces');
    expect(resourceOfPath('/api/v1/namespaces')).toBe('namespaces');
    expect(resourceOfPath('/apis')).toBe('other');
    expect(resourceOfPath('/healthz')).toBe('other');
  });

  it('get a query without the values that are not defined', () => {
    expect(queryString({ a: 1, b: undefined, c: 'x=y&z', d: false })).toBe('?a=1&c=x%3Dy%26z&d=false');
    expect(queryString({ a: undefined })).toBe('');
  });
});

describe('the delay after failures', () => {
  it('doubles up to the longest, and is never under half of its step', () => {
    for (const chance of [0, 0.999]) {
      const backoff = new Backoff({ firstMs: 100, maxMs: 1_000, healthyMs: 5_000 }, () => chance);
      const steps = [100, 200, 400, 800, 1_000, 1_000];
      for (const step of steps) expect(backoff.next(0)).toBeCloseTo(step * (0.5 + chance / 2));
    }
  });

  it('begins small again only after a healthy time', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 1_000, healthyMs: 5_000 }, () => 1);
    backoff.next(0);
    backoff.next(0);
    expect(backoff.next(4_999)).toBe(400);
    expect(backoff.next(5_000)).toBe(100);
  });
});

describe('the lines of a watch', () => {
  it('are the same however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const splitter = new LineSplitter();
        const got: string[] = [];
        let at = 0;
        for (const size of cuts) {
          got.push(...splitter.push(bytes.subarray(at, at + size)));
          at += size;
        }
        got.push(...splitter.push(bytes.subarray(at)));
        expect(got).toEqual(lines.filter((text) => text !== ''));
      }),
    );
  });

  it('are kept back until they end', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('{"a"'))).toEqual([]);
    expect(splitter.push(Buffer.from(':1}'))).toEqual([]);
    expect(splitter.push(Buffer.from('\n'))).toEqual(['{"a":1}']);
  });

  it('cost time in proportion to their length: 32 MB in small chunks in a moment', () => {
    const splitter = new LineSplitter();
    const chunk = Buffer.alloc(4_096, 'x');
    const begun = performance.now();
    for (let sent = 0; sent < 32 * 1024 * 1024; sent += chunk.length) splitter.push(chunk);
    expect(splitter.push(Buffer.from('\n'))[0]!.length).toBe(32 * 1024 * 1024);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('have a bound, so that a line without an end does not fill the memory', () => {
    const splitter = new LineSplitter();
    const chunk = Buffer.alloc(16 * 1024 * 1024, 'x');
    const flood = () => {
      for (let i = 0; i < 5; i++) splitter.push(chunk);
    };
    expect(flood).toThrow(/over \d+ bytes/);
  });
});

describe('a watch event', () => {
  const object = { metadata: { name: 'a', uid: 'u', resourceVersion: '5' } };

  it('is an object, a bookmark or an error', () => {
    expect(parseWatchEvent(JSON.stringify({ type: 'ADDED', object }))).toEqual({ type: 'ADDED', object });
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } };
    expect(parseWatchEvent(JSON.stringify(bookmark))).toEqual({ type: 'BOOKMARK', resourceVersion: '9' });
    const status = { kind: 'Status', code: 410 };
    expect(parseWatchEvent(JSON.stringify({ type: 'ERROR', object: status }))).toEqual({
      type: 'ERROR',
      status,
    });
  });

  it('shows its version without being parsed, but for other events and where anything else is called so', () => {
    const version = (type: string, more: object = {}) =>
      versionIn(JSON.stringify({ type, object: { ...object, ...more } }));
    expect(version('MODIFIED')).toEqual({ type: 'MODIFIED', resourceVersion: '5' });
    expect(version('ADDED')).toEqual({ type: 'ADDED', resourceVersion: '5' });
    expect(version('DELETED')).toBeUndefined();
    expect(version('BOOKMARK')).toBeUndefined();
    expect(version('MODIFIED', { data: { resourceVersion: '4' } })).toBeUndefined();
    const text = '{"resourceVersion":"4"}';
    expect(version('MODIFIED', { data: { text } })).toEqual({ type: 'MODIFIED', resourceVersion: '5' });
    expect(versionIn('{"type":"MODIFIED","object":{}}')).toBeUndefined();
  });

  it.each([
    ['not JSON', 'hello'],
    ['null', 'null'],
    ['a number', '7'],
    ['no object', '{"type":"ADDED"}'],
    ['an unknown type', JSON.stringify({ type: 'SHOUTED', object })],
    ['an object without metadata', '{"type":"ADDED","object":{}}'],
    ['an object without a uid', '{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}'],
    ['a bookmark without a version', '{"type":"BOOKMARK","object":{}}'],
  ])('is refused when it is %s, without quoting it', (_what, line) => {
    expect(() => parseWatchEvent(line)).toThrow(
      `a line of ${line.length} characters that is not a watch event`,
    );
  });
});
