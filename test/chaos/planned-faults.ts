import type { EventFault, Faults, RequestFault, SeenEvent, SeenRequest } from './faults.js';
import type { Propagation } from './users.js';

const writeFaults = [
  'kill-before',
  'kill-after',
  /** Killed, and its successor's first lists are older than what happened: all, or those of jobs and pods alone. */
  'kill-older-lists',
  'kill-older-jobs',
  /** Ended in order (SIGTERM), as in an upgrade; its successor's first list of jobs and pods is an older one. */
  'stop-older-jobs',
  'drop',
  'lose-answer',
  'hang',
  'delay',
  'answer-429',
  'answer-500',
  'answer-conflict',
  /** Stopped (SIGSTOP) past its Lease, then continued. */
  'pause',
  /** The same, and the write arrives only when another one may have taken over. */
  'pause-late-write',
  /** Its event loop is busy for 20 s. */
  'block',
  /** A user deletes an initialise job, now or as soon as there is one. */
  'delete-job-foreground',
  'delete-job-background',
  'delete-job-orphan',
] as const;
const readFaults = ['read-410', 'read-429', 'read-500', 'read-drop', 'read-hang'] as const;
const leaseFaults = ['lease-500', 'lease-drop', 'lease-lose-answer', 'lease-hang'] as const;
const eventFaults = [
  'event-lose',
  'event-repeat',
  'event-delay',
  'event-cut',
  'event-expire',
  'event-silence',
] as const;

/** So many tenths of a second after the first grant, to the process that leads then. */
const timeFaults = ['time-kill', 'time-kill-older-jobs', 'time-pause', 'time-block'] as const;

/** The names of all faults, by what they happen to. */
export const faultNames = {
  write: writeFaults,
  read: readFaults,
  lease: leaseFaults,
  event: eventFaults,
  time: timeFaults,
} as const;

export type FaultName = (typeof faultNames)[keyof typeof faultNames][number];

/** A fault as data, so that a seed replays it and a report can tell it. */
export interface PlannedFault {
  readonly on: keyof typeof faultNames;
  readonly number: number;
  readonly name: FaultName;
}

/** What faults do to processes. */
export interface Processes {
  kill(agent: string): void;
  /** SIGTERM. */
  stop(agent: string): void;
  /** Keeps the event loop of a process busy. */
  block(agent: string): void;
  /** Stops a process for so many milliseconds. */
  pause(agent: string, milliseconds: number): void;
}

/** What faults are that people make. */
export interface Meddlers {
  deleteInitJob(policy: Propagation): Promise<void>;
}

/** A candidate needs so much longer than a Lease lasts to take over. */
const takeoverMs = 2_500;
const delayMs = 1_500;

/** How late the watches begin that follow older lists. */
const staleMs = 15_000;
/** How late other lists of the same collection are answered, which would show what the older one does not. */
const slowListMs = 4_000;

/** Turns a plan into what the proxy asks for, and counts what has happened. */
export class PlannedFaults implements Faults {
  readonly happened = new Map<FaultName, number>();
  private readonly plan: ReadonlyMap<string, FaultName>;
  private readonly known = new Set<string>();
  private readonly timers: NodeJS.Timeout[] = [];
  private older: OlderLists | undefined;
  private leader = '';
  private readonly pauseMs: number;

  constructor(
    plan: readonly PlannedFault[],
    private readonly processes: Processes,
    private readonly meddlers: Meddlers,
    leaseMs: number,
  ) {
    this.pauseMs = leaseMs + takeoverMs;
    this.plan = new Map(plan.map(({ on, number, name }) => [`${on} ${number}`, name]));
  }

  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  request(seen: SeenRequest): RequestFault | undefined {
    this.known.add(seen.agent);
    this.noteLease(seen);
    const stale = this.older?.faultOf(seen);
    if (stale) return stale;
    const name = this.plan.get(`${seen.on} ${seen.number}`);
    if (name === undefined) return undefined;
    this.count(name);
    return this.requestFault(name, seen);
  }

  event({ number }: SeenEvent): EventFault | undefined {
    const name = this.plan.get(`event ${number}`);
    if (name === undefined) return undefined;
    this.count(name);
    const type = name.replace('event-', '') as EventFault['type'];
    return type === 'delay' ? { type, milliseconds: delayMs } : { type };
  }

  private requestFault(name: FaultName, { agent, method, kind }: SeenRequest): RequestFault {
    const kill = () => this.processes.kill(agent);
    const policy = deletions.get(name);
    if (policy)
      return { type: 'delay', milliseconds: 0, run: () => void this.meddlers.deleteInitJob(policy) };
    switch (name.replace(/^(read|lease)-/, '')) {
      case 'kill-before':
        return { type: 'drop', run: kill };
      case 'kill-after':
        return { type: 'lose-answer', run: kill };
      case 'kill-older-lists':
        this.older = new OlderLists(new Set(this.known), /./);
        return { type: 'lose-answer', run: kill };
      case 'kill-older-jobs':
        this.older = new OlderLists(new Set(this.known), jobsOrPods);
        return { type: 'lose-answer', run: kill };
      case 'stop-older-jobs':
        this.older = new OlderLists(new Set(this.known), jobsOrPods);
        return { type: 'delay', milliseconds: 0, run: () => this.processes.stop(agent) };
      case 'drop':
        return { type: 'drop' };
      case 'lose-answer':
        return { type: 'lose-answer' };
      case 'hang':
        return { type: 'hang' };
      case 'delay':
        return { type: 'delay', milliseconds: delayMs };
      case 'pause':
        return { type: 'delay', milliseconds: 0, run: () => this.processes.pause(agent, this.pauseMs) };
      case 'pause-late-write':
        return {
          type: 'delay',
          milliseconds: this.pauseMs,
          run: () => this.processes.pause(agent, this.pauseMs),
        };
      case 'block':
        return { type: 'delay', milliseconds: 0, run: () => this.processes.block(agent) };
      case '429':
      case 'answer-429':
        return { type: 'answer', status: 429, reason: 'TooManyRequests', retryAfter: 1 };
      case '410':
        if (kind !== 'read') return { type: 'answer', status: 410, reason: 'Expired' };
        break;
      case 'answer-conflict':
        // A POST knows no version that could be outdated.
        if (method !== 'POST') return { type: 'answer', status: 409, reason: 'Conflict' };
        break;
    }
    return { type: 'answer', status: 500, reason: 'InternalError' };
  }

  private noteLease({ agent, path, kind, on }: SeenRequest): void {
    if (kind !== 'write' || !path.includes('/leases')) return;
    this.leader = agent;
    if (on === 'write' && this.timers.length === 0) this.beginMoments();
  }

  private beginMoments(): void {
    for (const [key, name] of this.plan) {
      const [on, number] = key.split(' ');
      if (on === 'time')
        this.timers.push(setTimeout(() => this.strike(name, this.leader), Number(number) * 100));
    }
  }

  private strike(name: FaultName, agent: string): void {
    this.count(name);
    if (name === 'time-kill-older-jobs') this.older = new OlderLists(new Set(this.known), jobsOrPods);
    if (name === 'time-pause') this.processes.pause(agent, this.pauseMs);
    else if (name === 'time-block') this.processes.block(agent);
    else this.processes.kill(agent);
  }

  private count(name: FaultName): void {
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1);
  }
}

const deletions: ReadonlyMap<FaultName, Propagation> = new Map([
  ['delete-job-foreground', 'Foreground'],
  ['delete-job-background', 'Background'],
  ['delete-job-orphan', 'Orphan'],
]);

const jobsOrPods = /\/(jobs|pods)$/;

/** What the next process gets to see first: once an older list of each collection; all else of it comes only later. */
class OlderLists {
  private readonly given = new Set<string>();

  constructor(
    private readonly former: ReadonlySet<string>,
    private readonly collections: RegExp,
  ) {}

  faultOf({ agent, kind, path }: SeenRequest): RequestFault | undefined {
    if (this.former.has(agent) || !this.collections.test(path)) return undefined;
    const once = `${kind} ${path}`;
    const isFirst = !this.given.has(once);
    this.given.add(once);
    if (kind === 'list')
      return isFirst ? { type: 'older-list' } : { type: 'delay', milliseconds: slowListMs };
    return kind === 'watch' && isFirst ? { type: 'delay', milliseconds: staleMs } : undefined;
  }
}
