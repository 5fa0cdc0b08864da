import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { judgeAudit, readAudit } from '../../chaos/audit.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'runboat-audit-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A request of one process, so many seconds after the beginning, as the audit log has it. */
function line(agent: string, verb: string, resource: string, second: number, code = 200): string {
  const at = new Date(Date.UTC(2026, 2, 1) + 1000 * second).toISOString();
  const objectRef = { resource, namespace: 'ns', name: resource === 'leases' ? 'runboat-operator' : 'x' };
  return JSON.stringify({
    stage: 'ResponseComplete',
    verb,
    userAgent: agent,
    requestReceivedTimestamp: at,
    stageTimestamp: at,
    objectRef,
    responseStatus: { code },
  });
}

function judge(...lines: string[]) {
  const file = path.join(folder, 'audit.log');
  writeFileSync(file, lines.map((text) => `${text}\n`).join(''));
  return judgeAudit(readAudit(file, 0), 'ns');
}

const takeover = [line('ns-1', 'update', 'leases', 0), line('ns-2', 'update', 'leases', 20)];

describe('The judgement of an audit log', () => {
  it('finds a write that a deposed operator got through later than a request may take', () => {
    const { late, takeovers } = judge(...takeover, line('ns-1', 'patch', 'deployments', 31));
    expect(takeovers).toBe(1);
    expect(late).toEqual([expect.stringContaining('ns-1 patch deployments/x')]);
  });

  it('finds none in what arrives within that time, is refused, or comes from the new leader', () => {
    const { late, writes } = judge(
      ...takeover,
      line('ns-1', 'patch', 'deployments', 29),
      line('ns-1', 'patch', 'deployments', 40, 409),
      line('ns-2', 'patch', 'deployments', 40),
    );
    expect(late).toEqual([]);
    expect(writes).toBe(2);
  });

  it('does not hold against an operator what it writes after it has led again', () => {
    const again = line('ns-1', 'update', 'leases', 50);
    expect(judge(...takeover, again, line('ns-1', 'create', 'jobs', 80)).late).toEqual([]);
  });
});
