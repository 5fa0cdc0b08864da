import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../cluster/paths.js';

const unread = new Set(['node_modules', 'dist', 'test-output', '.git']);
/** Where paths in backticks begin that are meant as files of this repository. */
const ourFolders = /^(crds|lib|operator|cli|test|bench|kubefiles|docs|bin|\.ci)\//;

const pages = findPages('');

describe('the pages of the documentation', () => {
  it('are found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/architecture.md']));
  });

  it.each(pages)('%s links only to files and headings that exist', (page) => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it.each(pages)('%s names only files of this repository that exist', (page) => {
    const named = [...textOf(page).matchAll(/`([\w./-]+\/[\w./-]*)`/g)].map(([, name]) => name ?? '');
    const ours = named.filter((name) => ourFolders.test(name));
    expect(ours.filter((name) => !existsSync(path.join(repositoryRoot, name)))).toEqual([]);
  });

  it.each(pages)('%s names only make targets that exist', (page) => {
    const targets = new Set(
      [...textOf('Makefile').matchAll(/^([a-z][\w-]*):/gm)].map(([, target]) => target),
    );
    const code = [...textOf(page).matchAll(/`make ([a-z][\w-]*)|^make ([a-z][\w-]*)/gm)];
    const named = code.map(([, inline, block]) => inline ?? block);
    expect(named.filter((target) => !targets.has(target))).toEqual([]);
  });
});

describe('every make target with a description', () => {
  it('is among the commands of CONTRIBUTING.md or README.md, but for clean', () => {
    const described = [...textOf('Makefile').matchAll(/^([a-z]+):.*## /gm)].map(([, target]) => target ?? '');
    const text = textOf('README.md') + textOf('CONTRIBUTING.md');
    const missing = described.filter((target) => !text.includes(`make ${target}`));
    expect(missing).toEqual(['clean']);
  });
});

function findPages(folder: string): string[] {
  const entries = readdirSync(path.join(repositoryRoot, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) return unread.has(entry.name) ? [] : findPages(name);
    return entry.name.endsWith('.md') ? [name] : [];
  });
}

function textOf(file: string): string {
  return readFileSync(path.join(repositoryRoot, file), 'utf8');
}

/** Targets of links, without those to other sites and those in code. */
function linksOf(page: string): string[] {
  const prose = textOf(page)
    .replace(/^```.*?^```/gms, '')
    .replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', heading] = link.split('#');
  const target = file === '' ? page : path.join(path.dirname(page), file);
  const isInside = !target.startsWith('..') && !path.isAbsolute(target);
  if (!isInside || !existsSync(path.join(repositoryRoot, target))) return false;
  return heading === undefined || headingsOf(target).includes(heading);
}

/** Anchors as forges make them of headings. */
function headingsOf(page: string): string[] {
  const headings = [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text ?? '');
  return headings.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
