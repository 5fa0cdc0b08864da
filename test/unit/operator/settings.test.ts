import { describe, expect, it } from '@jest/globals';
import type { Config, RepoRule } from '../../../lib/config/types.js';
import {
  BuildRefused,
  decodeSettings,
  encodeSettings,
  homePage,
  overridesHash,
  renderInputOf,
  resolveSettings,
  withCurrentSecrets,
} from '../../../operator/settings.js';
import { buildView } from '../../support/observed.js';

const plain = { env: {}, secretEnv: {}, templateVars: {} };

function rule(parts: Partial<RepoRule> = {}): RepoRule {
  return {
    index: 0,
    label: 'repos[0]',
    repo: /^oca\//,
    branch: /^16/,
    image: 'rule/image',
    ...plain,
    ...parts,
  };
}

function config(parts: Partial<Config> = {}): Config {
  const places = { domain: 'builds.test', urlScheme: 'https', databasePrefix: 'p_', defaultBundle: 'odoo' };
  return { ...places, repos: [rule()], ...plain, ...parts } as Config;
}

const everywhere = (name: string, value: string) => ({ env: { [name]: value, all: value } });

describe('the settings of a build', () => {
  it('come from the first rule that matches', () => {
    const repos = [
      rule({ repo: /^other\// }),
      rule({ index: 1, label: 'second', image: 'b' }),
      rule({ image: 'c' }),
    ];
    expect(resolveSettings(config({ repos }), buildView(), undefined)).toMatchObject({
      rule: 'second',
      image: 'b',
    });
  });

  it('are global, then those of the rule, then the overrides, key by key', () => {
    const given = config({ ...everywhere('global', '1'), repos: [rule(everywhere('rule', '2'))] });
    const { env } = resolveSettings(given, buildView({ spec: everywhere('spec', '3') }), undefined);
    expect(env).toEqual({ global: '1', rule: '2', spec: '3', all: '3' });
  });

  it('merge template variables and secrets in the same way', () => {
    const repos = [rule({ templateVars: { size: 2 }, secretEnv: { KEY: 'rule' } })];
    const given = config({
      repos,
      templateVars: { size: 1, more: true },
      secretEnv: { KEY: 'global', TOKEN: 't' },
    });
    const settings = resolveSettings(given, buildView({ spec: { templateVars: { size: '3' } } }), undefined);
    expect(settings.templateVars).toEqual({ size: '3', more: true });
    expect(settings.secretEnv).toEqual({ KEY: 'rule', TOKEN: 't' });
  });

  it.each([
    ['of the spec', { spec: { kubefiles: 'mine' } }, 'rules', 'mine'],
    ['of the rule', {}, 'rules', 'rules'],
    ['of the configuration', {}, undefined, 'odoo'],
  ])('name the bundle %s', (_whose, build, kubefiles, expected) => {
    const repos = [rule(kubefiles === undefined ? {} : { kubefiles })];
    expect(resolveSettings(config({ repos }), buildView(build), undefined).kubefiles).toBe(expected);
  });

  it('need a rule even when the spec overrides everything', () => {
    const build = buildView({ spec: { repo: 'nobody/knows', image: 'i', kubefiles: 'k' } });
    expect(() => resolveSettings(config(), build, undefined)).toThrow(BuildRefused);
    expect(() => resolveSettings(config(), build, undefined)).toThrow(/nobody\/knows.*16\.0.*repos/);
  });

  it('say which rules took too long to ask', () => {
    const slow = config({ repos: [rule({ branch: /^(?:(\d+\.?)+$)/u })] });
    const build = buildView({ spec: { targetBranch: `${'1'.repeat(60)}x` } });
    expect(() => resolveSettings(slow, build, undefined)).toThrow(/repos\[0\] take too long/);
  });

  it('keep the slug and the database prefix that were recorded, because databases are found by them', () => {
    const recorded = {
      ...resolveSettings(config(), buildView(), undefined),
      slug: 'old',
      databasePrefix: 'o_',
    };
    const again = resolveSettings(
      config({ databasePrefix: 'n_', domain: 'new.test' }),
      buildView(),
      recorded,
    );
    expect(again).toMatchObject({ slug: 'old', databasePrefix: 'o_', domain: 'new.test' });
  });

  it('give the address of the home page', () => {
    expect(homePage(resolveSettings(config(), buildView(), undefined))).toBe('https://web.builds.test');
  });

  it('become what a bundle may print', () => {
    const build = buildView({ spec: { pr: 12 } });
    const input = renderInputOf(build, resolveSettings(config(), build, undefined));
    const commitInfo = { repo: 'oca/mis-builder', targetBranch: '16.0', pr: 12, gitCommit: 'a'.repeat(40) };
    expect(input).toMatchObject({
      buildName: 'web',
      buildSlug: 'web',
      namespace: 'builds',
      image: 'rule/image',
      commitInfo,
    });
  });
});

describe('recorded settings', () => {
  const secretEnv = { KEY: 'old', GONE: 'kept' };
  const recorded = { ...resolveSettings(config(), buildView(), undefined), secretEnv };

  it('come back as they were written', () => {
    expect(decodeSettings(encodeSettings(recorded))).toEqual(recorded);
  });

  it('take secrets that the configuration still gives from there, and no new ones', () => {
    const given = config({ secretEnv: { KEY: 'rotated', NEW: 'unasked' } });
    const { secretEnv: current } = withCurrentSecrets(given, buildView(), recorded);
    expect(current).toEqual({ KEY: 'rotated', GONE: 'kept' });
  });

  it('take the rotated secret of their rule', () => {
    const given = config({ secretEnv: { KEY: 'global' }, repos: [rule({ secretEnv: { KEY: 'rotated' } })] });
    expect(withCurrentSecrets(given, buildView(), recorded).secretEnv).toMatchObject({ KEY: 'rotated' });
  });

  it('stay as they are when their rule is gone', () => {
    expect(withCurrentSecrets(config({ repos: [] }), buildView(), recorded)).toEqual(recorded);
  });

  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  it.each([
    ['nothing', undefined],
    ['no keys', {}],
    ['something that is not JSON', { 'settings.json': 'AAAA', 'secret-env.json': text({}) }],
    ['an incomplete object', { 'settings.json': text({ image: 'i' }), 'secret-env.json': text({}) }],
    ['a list', { 'settings.json': text([]), 'secret-env.json': text({}) }],
    ['no secrets', { 'settings.json': text(recorded) }],
  ])('that somebody has spoilt are none: %s', (_how, data) => {
    expect(decodeSettings(data)).toBeUndefined();
  });
});

describe('the hash of the overrides', () => {
  const hash = (spec: object) => overridesHash(buildView({ spec }).spec);

  it('does not depend on the order of keys', () => {
    expect(hash({ env: { a: '1', b: '2' } })).toBe(hash({ env: { b: '2', a: '1' } }));
  });

  it('does not depend on what is no override', () => {
    expect(hash({ replicas: 1, priority: 2, keep: true, resetRequestedAt: 'now' })).toBe(hash({}));
  });

  it.each([
    ['image', { image: 'i' }],
    ['bundle', { kubefiles: 'k' }],
    ['environment', { env: { a: '1' } }],
    ['template variables', { templateVars: { a: '1' } }],
  ])('changes with the %s', (_what, spec) => {
    expect(hash(spec)).not.toBe(hash({}));
  });

  it('tells environment and template variables apart', () => {
    expect(hash({ env: { a: '1' } })).not.toBe(hash({ templateVars: { a: '1' } }));
  });
});
