import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { toHandlebars } from '../../../cli/jinja/to-handlebars.js';
import type { Mode, RenderInput } from '../../../operator/render/types.js';
import { removeFolders, repository } from '../render/support.js';
import { rendered } from './converted-template.js';

interface JinjaBuild {
  readonly mode: Mode;
  readonly namespace: string;
  readonly build_name: string;
  readonly build_slug: string;
  readonly build_domain: string;
  readonly image_name: string;
  readonly image_tag: string;
  readonly commit_info: { repo: string; target_branch: string; pr: number | null; git_commit: string };
  readonly build_env: Record<string, string>;
  readonly build_secret_env: Record<string, string>;
  readonly build_template_vars: Record<string, string>;
}

interface Snippet {
  readonly jinja: string;
  /** What has to become of it; `noted` has a remark, and means something else for the builds in `differs` only. */
  readonly as: 'same' | 'noted' | 'reported';
  readonly differs?: readonly string[];
  /** By build: what Jinja 3.1.6 makes of it. */
  readonly outputs: Readonly<Record<string, string | { readonly error: string }>>;
}

// Made by render.py beside it, which tells how to add a snippet.
const table = JSON.parse(readFileSync(join(repository, 'test/fixtures/jinja/snippets.json'), 'utf8')) as {
  readonly builds: Readonly<Record<string, JinjaBuild>>;
  readonly snippets: readonly Snippet[];
};

afterAll(removeFolders);

function inputFor(build: JinjaBuild): RenderInput {
  const { commit_info: commit } = build;
  return {
    namespace: build.namespace,
    buildName: build.build_name,
    buildSlug: build.build_slug,
    buildDomain: build.build_domain,
    databasePrefix: '',
    commitInfo: {
      repo: commit.repo,
      targetBranch: commit.target_branch,
      pr: commit.pr,
      gitCommit: commit.git_commit,
    },
    image: `${build.image_name}:${build.image_tag}`,
    env: build.build_env,
    secretEnv: build.build_secret_env,
    templateVars: build.build_template_vars,
  };
}

/** Lines of white space mean nothing in YAML; the bundle has fewer of them. */
function withoutBlankLines(text: string): string {
  return text.replace(/^\s*\n/gm, '').trimEnd();
}

/** The builds for which the converted snippet renders something else than Jinja, or is refused. */
async function differing({ jinja, outputs }: Snippet): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, build] of Object.entries(table.builds)) {
    const expected = outputs[name];
    // What Jinja refuses never was in use.
    if (typeof expected !== 'string') continue;
    const actual = await rendered(toHandlebars(jinja).text, inputFor(build), build.mode).catch(String);
    if (withoutBlankLines(actual) !== withoutBlankLines(expected)) found[name] = actual;
  }
  return found;
}

function snippets(as: Snippet['as']): [string, Snippet][] {
  return table.snippets.filter((snippet) => snippet.as === as).map((snippet) => [snippet.jinja, snippet]);
}

describe('what a converted template renders', () => {
  it.each(snippets('same'))('is what Jinja renders: %j', async (jinja, snippet) => {
    expect(toHandlebars(jinja)).toMatchObject({ unconverted: [] });
    expect(await differing(snippet)).toEqual({});
  });

  it.each(snippets('noted'))('differs only where a remark is made: %j', async (jinja, snippet) => {
    const { unconverted, remarks } = toHandlebars(jinja);
    expect(unconverted).toEqual([]);
    expect(remarks).not.toEqual([]);
    expect(Object.keys(await differing(snippet))).toEqual(snippet.differs ?? []);
  });
});

describe('what would render something else', () => {
  it.each(snippets('reported'))('is reported: %j', (jinja) => {
    expect(toHandlebars(jinja).unconverted).not.toEqual([]);
  });
});
