/** A build that waits to be initialised. Times are RFC 3339, `notBefore` milliseconds since the epoch. */
export interface WaitingBuild {
  readonly uid: string;
  readonly name: string;
  readonly attempt: number;
  readonly priority: number;
  readonly queuedAt: string | undefined;
  readonly creationTimestamp: string;
  /** The job was refused lately: others go first until then. */
  readonly notBefore: number;
}

/** One initialisation, granted or running. */
export interface Attempt {
  readonly uid: string;
  readonly attempt: number;
}

/** A build whose Deployment is scaled to 1 or was granted to be. */
export interface ScaledUpBuild {
  readonly uid: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly lastScaled: string | undefined;
  readonly keep: boolean;
  /** Its spec asks for 0 already, so it is on its way down. */
  readonly stopping: boolean;
}

export interface StartingBuild {
  readonly uid: string;
  readonly name: string;
  /** Milliseconds since the epoch when it asked first. */
  readonly since: number;
}

/** A build that counts for `limits.deployed`. */
export interface DeployedBuild {
  readonly uid: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly lastScaled: string | undefined;
  /** Repository and branch; undefined for pull requests, which have no protected newest build. */
  readonly branch: string | undefined;
  /** Stopped, Stopping or Failed, not kept, and nobody asked it to start or to be reset. */
  readonly idle: boolean;
  /** End of its last initialisation, good or bad. */
  readonly initializedAt: string | undefined;
}

export interface Limits {
  readonly initializing: number;
  readonly started: number;
  readonly deployed: number;
  readonly cleaning: number;
}

export interface Target {
  readonly uid: string;
  readonly name: string;
  /** The version the decision was made on: a user's change since then wins. */
  readonly resourceVersion: string;
}

/**
 * The initialisations that may begin now: as many as there are free places, first in queue order.
 * `waiting` is in that order; `used` holds grants and unfinished jobs, and the same attempt named twice
 * counts once. `now` is in milliseconds since the epoch.
 */
export function grantInitializations(
  waiting: Iterable<WaitingBuild>,
  used: Iterable<Attempt>,
  limit: number,
  now: number,
): WaitingBuild[] {
  const free = limit - countAttempts(used);
  const granted: WaitingBuild[] = [];
  if (free <= 0) return granted;
  for (const build of waiting) {
    if (build.notBefore <= now) granted.push(build);
    if (granted.length >= free) break;
  }
  return granted;
}

/** How many initialisations these are, each attempt of a build once. */
export function countAttempts(attempts: Iterable<Attempt>): number {
  const distinct = new Set<string>();
  for (const { uid, attempt } of attempts) distinct.add(`${uid}/${attempt}`);
  return distinct.size;
}

export interface StartDecision {
  readonly grants: StartingBuild[];
  readonly stops: Target[];
  /** Those for whom no place can be made, because all that are started are to be kept. */
  readonly blocked: StartingBuild[];
}

/**
 * Who may be scaled to 1 and who must go down for it. A place is free only when its former holder is
 * scaled to 0, so the limit is never exceeded while they change.
 */
export function decideStarts(
  starting: readonly StartingBuild[],
  scaledUp: readonly ScaledUpBuild[],
  limit: number,
): StartDecision {
  const order = [...starting].sort((a, b) => a.since - b.since || compareText(a.name, b.name));
  const free = Math.max(0, limit - scaledUp.length);
  const grants = order.slice(0, free);
  const leaving = scaledUp.filter((build) => build.stopping).length;
  const needed = limit === 0 ? scaledUp.length : scaledUp.length + order.length - limit;
  const missing = Math.max(0, Math.min(needed, scaledUp.length) - leaving);
  const staying = scaledUp.filter((build) => !build.stopping && !build.keep);
  const stops = oldestScaled(staying).slice(0, missing);
  const served = limit === 0 ? 0 : grants.length + leaving + stops.length;
  return { grants, stops, blocked: order.slice(served) };
}

function oldestScaled(builds: readonly ScaledUpBuild[]): ScaledUpBuild[] {
  return [...builds].sort((a, b) => time(a.lastScaled) - time(b.lastScaled) || compareText(a.name, b.name));
}

/**
 * The builds to delete so that no more than `limit` lie deployed, oldest first by their last scaling, else
 * their creation. Never the newest of a branch, none that is not idle, none initialised within `minimumAge`
 * milliseconds.
 */
export function decideDeletions(
  deployed: readonly DeployedBuild[],
  limit: number,
  minimumAge: number,
  now: number,
): Target[] {
  const excess = deployed.length - limit;
  if (excess <= 0) return [];
  const newest = newestOfBranches(deployed);
  const candidates = deployed.filter(
    (build) => build.idle && !newest.has(build.uid) && now - time(build.initializedAt) >= minimumAge,
  );
  const age = (build: DeployedBuild) => time(build.lastScaled ?? build.creationTimestamp);
  candidates.sort((a, b) => age(a) - age(b) || compareText(a.name, b.name));
  return candidates.slice(0, excess);
}

/** UIDs of the newest build of each branch: latest creation, then the name that sorts last. */
function newestOfBranches(deployed: readonly DeployedBuild[]): Set<string> {
  const newest = new Map<string, DeployedBuild>();
  for (const build of deployed) {
    if (build.branch === undefined) continue;
    const other = newest.get(build.branch);
    if (!other || compareAge(build, other) > 0) newest.set(build.branch, build);
  }
  return new Set([...newest.values()].map((build) => build.uid));
}

function compareAge(a: DeployedBuild, b: DeployedBuild): number {
  return time(a.creationTimestamp) - time(b.creationTimestamp) || compareText(a.name, b.name);
}

/** The cleanup jobs that may begin now, in the order in which they were asked. */
export function grantCleanups(waiting: Iterable<string>, running: number, limit: number): string[] {
  return [...waiting].slice(0, Math.max(0, limit - running));
}

function time(text: string | undefined): number {
  return text === undefined ? 0 : Date.parse(text);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
