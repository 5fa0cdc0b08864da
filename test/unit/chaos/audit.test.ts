import { describe, expect, it } from '@jest/globals';
import { judgeAudit } from '../../chaos/audit.js';

const namespace = 'here';
const start = Date.parse('2026-01-01T00:00:00Z');

/** A successful request of a process, so many seconds after the start. */
function event(agent: string, verb: string, resource: string, seconds: number, code = 200) {
  const time = new Date(start + seconds * 1000).toISOString();
  return {
    stage: 'ResponseComplete',
    verb,
    userAgent: `${namespace}-${agent}`,
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    objectRef: { resource, namespace, name: resource === 'leases' ? 'runboat-operator' : 'thing' },
    responseStatus: { code },
  };
}

const takeover = [event('1', 'create', 'leases', 0), event('2', 'update', 'leases', 20)];

describe('the judgement of an audit log', () => {
  it('finds a write that a deposed operator sent longer than a request after the takeover', () => {
    const { late } = judgeAudit([...takeover, event('1', 'patch', 'jobs', 31)], namespace);
    expect(late).toHaveLength(1);
    expect(late[0]).toContain('here-1 patch jobs/thing');
  });

  it('takes no offence at writes within that time, of the leader, that were refused, or of others', () => {
    const fine = [
      event('1', 'patch', 'jobs', 10),
      event('1', 'patch', 'jobs', 29),
      event('1', 'patch', 'jobs', 31, 409),
      event('1', 'get', 'jobs', 31),
      event('2', 'patch', 'jobs', 31),
      { ...event('1', 'patch', 'jobs', 31), userAgent: 'kubectl' },
    ];
    expect(judgeAudit([...takeover, ...fine], namespace)).toEqual({ writes: 3, takeovers: 1, late: [] });
  });

  it('knows that a deposed operator may lead again', () => {
    const again = [event('1', 'update', 'leases', 40), event('1', 'patch', 'jobs', 45)];
    const { late, takeovers } = judgeAudit([...takeover, ...again], namespace);
    expect({ late, takeovers }).toEqual({ late: [], takeovers: 2 });
  });
});
