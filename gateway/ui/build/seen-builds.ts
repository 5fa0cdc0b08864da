import type { BuildJson } from '../../builds/build-json.js';

/** What a browser remembers of a build that it has shown. */
export interface SeenBuild {
  readonly name: string;
  readonly repo: string;
  readonly target_branch: string;
  readonly pr: number | null;
  readonly git_commit: string;
  readonly created: string;
  /** The state it was last seen in. */
  readonly status: BuildJson['status'];
  /** When it was last seen, milliseconds since the epoch. */
  readonly at: number;
}

type Memory = Pick<Storage, 'getItem' | 'setItem'>;

const KEY = 'runboat.seen';
const MAX_SEEN = 200;

/** Remembers the builds that were shown here, so that one that is gone later can be told from one that never was. */
export class SeenBuilds {
  private readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  get(name: string): SeenBuild | undefined {
    return this.read().find((seen) => seen.name === name);
  }

  remember({ name, commit_info, status, created }: BuildJson, now: number): void {
    const { repo, target_branch, pr, git_commit } = commit_info;
    const others = this.read().filter((seen) => seen.name !== name);
    this.write([
      { name, repo, target_branch, pr: pr ?? null, git_commit, created, status, at: now },
      ...others,
    ]);
  }

  /** What somebody else wrote there counts for nothing. */
  private read(): SeenBuild[] {
    try {
      const value: unknown = JSON.parse(this.memory.getItem(KEY) ?? '[]');
      return Array.isArray(value) ? value.filter(isSeenBuild) : [];
    } catch {
      return [];
    }
  }

  /** A browser may refuse to store anything; then nothing is remembered. */
  private write(builds: readonly SeenBuild[]): void {
    try {
      this.memory.setItem(KEY, JSON.stringify(builds.slice(0, MAX_SEEN)));
    } catch {
      return;
    }
  }
}

function isSeenBuild(value: unknown): value is SeenBuild {
  if (typeof value !== 'object' || value === null) return false;
  const { name, repo, target_branch, pr, git_commit, created, status, at } = value as Record<string, unknown>;
  const texts = [name, repo, target_branch, git_commit, created, status];
  return (
    texts.every((text) => typeof text === 'string') &&
    typeof at === 'number' &&
    (pr === null || typeof pr === 'number')
  );
}
