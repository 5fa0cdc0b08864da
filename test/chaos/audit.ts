import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { OPERATOR_LEASE } from '../../crds/constants.js';

/** What is used of a line of the API server's audit log. */
interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly userAgent?: string;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly objectRef?: { readonly resource: string; readonly namespace?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
}

export interface AuditJudgement {
  /** Writes of operators that the API server carried out. */
  readonly writes: number;
  /** How often another process took the Lease. */
  readonly takeovers: number;
  /** Writes that succeeded although their sender had been deposed for longer than a request may take. */
  readonly late: readonly string[];
}

const writeVerbs = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** As long as a request of the operator may take. */
const requestTimeoutMs = 10_000;

/** Reads the audit log from a byte on; the end may be a line that is still being written. */
export function readAudit(file: string, from: number): AuditEvent[] {
  const buffer = Buffer.alloc(Math.max(0, sizeOf(file) - from));
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, buffer, 0, buffer.length, from);
  } finally {
    closeSync(descriptor);
  }
  const whole = buffer.subarray(0, buffer.lastIndexOf('\n') + 1).toString();
  return whole
    .split('\n')
    .filter((line) => line.includes('"ResponseComplete"'))
    .map((line) => JSON.parse(line) as AuditEvent);
}

export function sizeOf(file: string): number {
  return statSync(file).size;
}

/** Judges the writes of the processes that the proxy gave these names in one namespace. */
export function judgeAudit(events: readonly AuditEvent[], namespace: string): AuditJudgement {
  const own = events
    .filter(({ objectRef, verb }) => objectRef?.namespace === namespace && writeVerbs.has(verb))
    .filter(({ userAgent }) => userAgent?.startsWith(`${namespace}-`))
    .filter(({ responseStatus }) => (responseStatus?.code ?? 500) < 300);
  const holders = own.filter(isLeaseWrite).map((event) => ({
    agent: event.userAgent ?? '',
    since: Date.parse(event.stageTimestamp),
  }));
  holders.sort((a, b) => a.since - b.since);
  const takeovers = holders.filter(({ agent }, index) => holders[index - 1]?.agent !== agent);
  const others = own.filter((event) => !isLeaseWrite(event));
  const late = others.filter((event) => isLate(event, takeovers)).map(describe);
  return { writes: others.length, takeovers: Math.max(0, takeovers.length - 1), late };
}

function isLeaseWrite({ objectRef }: AuditEvent): boolean {
  return objectRef?.resource === 'leases' && (objectRef.name ?? OPERATOR_LEASE) === OPERATOR_LEASE;
}

/** Whether another process had led for longer than a request may take when this one was received. */
function isLate(event: AuditEvent, takeovers: readonly { agent: string; since: number }[]): boolean {
  const received = Date.parse(event.requestReceivedTimestamp);
  const before = takeovers.filter(({ since }) => since < received);
  const lastOwn = before.findLastIndex(({ agent }) => agent === event.userAgent);
  const successor = before[lastOwn + 1];
  return successor !== undefined && received - successor.since > requestTimeoutMs;
}

function describe({ userAgent, verb, objectRef, requestReceivedTimestamp }: AuditEvent): string {
  return `${userAgent} ${verb} ${objectRef?.resource}/${objectRef?.name} at ${requestReceivedTimestamp}`;
}
