import { quoteForShell } from './helpers.js';
import type { Leaf } from './tokens.js';
import type { TemplateVar } from './types.js';

/** How sample values are drawn: two different sets, with text that is free where it may be, or tame everywhere. */
export interface SampleSet {
  readonly number: 1 | 2;
  readonly freeText: boolean;
  /** Template variables as they are configured, with their types, instead of made-up ones, as far as they are plain. */
  readonly configured: boolean;
}

// Whatever may surprise a reader of YAML; no comma, which kustomize's literals and field lists may cut at.
const FREE_TEXT = [
  'it\'s 50% "off": {a: b} #1 $x ( \\ \u00fc\u20ac',
  '- [x] > | & * ! @ ~ null: \u{1f6a2} "y',
] as const;

// Configured text that kustomize's own reading and writing leaves alone: some it changes (U+0085, U+2028), or takes the
// quotes off. Other text comes through a token unharmed, so it must not make a comparison fail.
const PLAIN_TEXT = /^[\w.:/@+-]*$/;

// By variable: a maker of values of its own domain; n tells values of one set apart.
const DOMAINS: Readonly<Record<string, (n: number, set: 1 | 2) => string>> = {
  mode: (_n, set) => (set === 1 ? 'start' : 'stop'),
  namespace: (n, set) => dnsLabel('ns', n, set),
  build_name: (n, set) => dnsLabel('build', n, set),
  build_slug: (n, set) => dnsLabel('slug', n, set),
  build_domain: (n, set) => `${dnsLabel('host', n, set)}.example.${set === 1 ? 'org' : 'net'}`,
  database_prefix: (n, set) => `p${set}_${n}`,
  'commit_info.repo': (n, set) => `owner-${set}/repo.${n}`,
  'commit_info.target_branch': freeText,
  'commit_info.pr': (n, set) => String(set * 100 + n),
  'commit_info.git_commit': (n, set) => hex(40, n, set),
  image_name: (n, set) => `registry${set}.example.org:5000/team/app-${n}`,
  image_tag: (n, set) => `v${set}.${n}-rc`,
  image_digest: (n, set) => `sha256:${hex(64, n, set)}`,
  'build_env key': (n, set) => `SAMPLE_${set}_${n}`,
  'build_secret_env key': (n, set) => `SECRET_${set}_${n}`,
  'build_template_vars key': (n, set) => `variable_${set}_${n}`,
};

/** The sample for the token of that index; with its type when it is a configured template variable. */
export function sampleFor(leaf: Leaf, index: number, set: SampleSet): TemplateVar {
  if (leaf.quotedFrom !== undefined) return quoteForShell(String(sampleFor(leaf.quotedFrom, index, set)));
  if (set.configured && leaf.domain === 'build_template_vars value' && PLAIN_TEXT.test(leaf.value))
    return leaf.raw;
  const make = DOMAINS[leaf.domain] ?? freeText;
  if (make === freeText && !set.freeText) return `text${set.number}n${index}`;
  return make(index, set.number);
}

function freeText(n: number, set: 1 | 2): string {
  return `${FREE_TEXT[set - 1]} ${n}`;
}

function dnsLabel(word: string, n: number, set: 1 | 2): string {
  return `${word}-${set}-${n}x`;
}

function hex(length: number, n: number, set: 1 | 2): string {
  return `${set === 1 ? 'a1' : 'b2'}${n.toString(16)}`.padEnd(length, set === 1 ? 'c3' : 'd4');
}
