import type { ConfigProblem } from './config-error.js';
import { isTree, type Tree } from './draft.js';
import { compilePattern, patternReason } from './pattern.js';
import type { Config } from './types.js';

/** What is wrong with the rules' regular expressions. Values may be wrong otherwise; that is the schema's. */
export function checkPatterns(values: Tree): ConfigProblem[] {
  return rules(values).flatMap(({ rule, path }) =>
    (['repo', 'branch'] as const).flatMap((key) => patternProblem(rule[key], `${path}.${key}`)),
  );
}

/** Which names of bundles no bundle has. */
export function checkBundleNames(values: Tree, bundles: Readonly<Record<string, string>>): ConfigProblem[] {
  const names = rules(values).map(({ rule, path }) => ({
    name: rule['kubefiles'],
    path: `${path}.kubefiles`,
  }));
  return [{ name: values['defaultBundle'], path: 'defaultBundle' }, ...names].flatMap(({ name, path }) => {
    if (typeof name !== 'string' || Object.hasOwn(bundles, name)) return [];
    const known = Object.keys(bundles).join(', ') || 'none';
    const message = `no bundle is called \`${name}\`; there are: ${known}; others go into \`bundles\``;
    return [{ path, message, isAbsence: true }];
  });
}

/** What is allowed and probably not meant. */
export function doubts(config: Config): string[] {
  const warnings: string[] = [];
  if (config.repos.length === 0) warnings.push('`repos` is empty: no repository is built');
  const key = config.github.app?.privateKey;
  if (key !== undefined && !key.includes('PRIVATE KEY-----')) {
    warnings.push('`github.app.privateKey` does not look like a private key in PEM format');
  }
  warnings.push(...footerDoubts(config.footerHtml));
  return warnings;
}

/** What of a footer the pages' Content-Security-Policy makes a browser leave out. */
function footerDoubts(html: string): string[] {
  const doubts: [RegExp, string][] = [
    [/<script\b|\son\w+\s*=|javascript:/i, 'a script, which browsers will not run'],
    [/<style\b|<link\b/i, 'a style sheet, which browsers will not use; `style` attributes work'],
    [/<(iframe|object|embed)\b/i, 'embedded content, which browsers will not show'],
    [/<img\b[^>]*\ssrc\s*=\s*["']?http:/i, 'an image over http, which browsers will not show; https works'],
  ];
  return doubts.filter(([pattern]) => pattern.test(html)).map(([, what]) => `\`footerHtml\` has ${what}`);
}

function rules(values: Tree): { rule: Tree; path: string }[] {
  const list: unknown[] = Array.isArray(values['repos']) ? values['repos'] : [];
  return list.flatMap((rule, index) => (isTree(rule) ? [{ rule, path: `repos[${index}]` }] : []));
}

function patternProblem(source: unknown, path: string): ConfigProblem[] {
  if (typeof source !== 'string') return [];
  try {
    compilePattern(source, { ignoreCase: false });
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [{ path, message: `is not a valid regular expression: ${patternReason(error)}` }];
  }
}
