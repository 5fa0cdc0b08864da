import { testWithin } from './limited-test.js';
import type { Config, RepoRule } from './types.js';

/** Longer names are matched by no rule, so that an expression never works on unbounded text. */
const MAX_REPO = 140;
/** Characters, as the API server counts them: a smiley is one. */
const MAX_BRANCH = 255;

export interface FoundRule {
  /** The first rule that matches; undefined when none does. */
  readonly rule: RepoRule | undefined;
  /** Rules before it whose regular expressions take too long for these names, and which count as not matching. */
  readonly tooSlow: readonly RepoRule[];
}

/** A rule that was given up for these names. */
export interface SlowRule {
  readonly rule: RepoRule;
  readonly repo: string;
  readonly branch: string;
}

type SlowRuleHandler = (slow: SlowRule) => void;

const handlers = new Set<SlowRuleHandler>();

/** Called when a rule is given up for names that it was not asked for lately. The answer takes the handler away. */
export function onSlowRule(handler: SlowRuleHandler): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}

/** The first rule that matches the repository (`owner/name`) and the branch; undefined when none does. */
export function matchRule(config: Pick<Config, 'repos'>, repo: string, branch: string): RepoRule | undefined {
  return findRule(config, repo, branch).rule;
}

/** As `matchRule`, with the rules that could not be asked. */
export function findRule(config: Pick<Config, 'repos'>, repo: string, branch: string): FoundRule {
  const tooSlow: RepoRule[] = [];
  if (repo.length > MAX_REPO || isTooLong(branch)) return { rule: undefined, tooSlow };
  for (const rule of config.repos) {
    const isMatch = testRule(rule, repo, branch);
    if (isMatch === true) return { rule, tooSlow };
    if (isMatch === undefined) tooSlow.push(rule);
  }
  return { rule: undefined, tooSlow };
}

/** What to tell the person whose names rules are too slow for; empty when none is. Begins with a space. */
export function tooSlowSentence(tooSlow: readonly RepoRule[]): string {
  if (tooSlow.length === 0) return '';
  const rules = tooSlow.map(({ index }) => `repos[${index}]`).join(', ');
  return (
    ` The regular expressions of ${rules} take too long for these names and count as not matching: ` +
    'a repetition within a repetition, such as (\\d+\\.?)+, has to be written without one.'
  );
}

function testRule(rule: RepoRule, repo: string, branch: string): boolean | undefined {
  const tell = () => {
    for (const handler of handlers) handler({ rule, repo, branch });
  };
  const ofRepo = testWithin(rule.repo, repo, tell);
  return ofRepo === true ? testWithin(rule.branch, branch, tell) : ofRepo;
}

function isTooLong(branch: string): boolean {
  return branch.length > 2 * MAX_BRANCH || (branch.length > MAX_BRANCH && [...branch].length > MAX_BRANCH);
}
