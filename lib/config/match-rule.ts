import type { Config, RepoRule } from './types.js';

/** Longer names are matched by no rule, so that an expression never works on unbounded text. */
const MAX_REPO = 140;
const MAX_BRANCH = 255;

/** The first rule that matches the repository (`owner/name`) and the branch; undefined when none does. */
export function matchRule(config: Pick<Config, 'repos'>, repo: string, branch: string): RepoRule | undefined {
  if (repo.length > MAX_REPO || branch.length > MAX_BRANCH) return undefined;
  return config.repos.find((rule) => rule.repo.test(repo) && rule.branch.test(branch));
}
