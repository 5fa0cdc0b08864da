import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RunboatBuildStatus } from '../../../crds/runboatbuild.generated.js';
import { nextStatus, shorten, statusPatch } from '../../../operator/plan/status.js';
import { ago, condition, now, observed } from '../../support/observed.js';

const deployedNow = {
  type: 'Deployed' as const,
  status: 'True' as const,
  reason: 'Deployed',
  message: 'Deployed.',
};

describe('the status of a build', () => {
  it('says what is observed of the Deployment and its generation', () => {
    const seen = observed({
      build: { metadata: { generation: 7 } },
      deployment: { statusReplicas: 1, readyReplicas: 1, lastScaled: ago(9) },
    });
    const expected = { observedGeneration: 7, replicas: 1, readyReplicas: 1, lastScaledAt: ago(9) };
    expect(nextStatus(seen, {}, now)).toMatchObject(expected);
  });

  it('says zero replicas without a Deployment', () => {
    expect(nextStatus(observed({ deployment: null }), {}, now)).toMatchObject({
      replicas: 0,
      readyReplicas: 0,
    });
  });

  it('shows what the settings resolved to once they are known, and keeps it when they are not', () => {
    const resolved = { image: 'i', kubefiles: 'odoo', rule: 'repos[0]', url: 'http://web.test' };
    const first = nextStatus(observed({ facts: { resolved } }), {}, now);
    const { url, ...shown } = resolved;
    expect(first).toMatchObject({ url, resolved: shown });
    expect(nextStatus(observed({ build: { status: first } }), {}, now)).toMatchObject({
      url,
      resolved: shown,
    });
  });

  it('keeps what the plan does not name, and drops what it shows as null', () => {
    const status: RunboatBuildStatus = { phase: 'Queued', queuePosition: 2, queuedAt: ago(5) };
    const next = nextStatus(
      observed({ build: { status } }),
      { phase: 'Initializing', queuePosition: null },
      now,
    );
    expect(next).toMatchObject({ phase: 'Initializing', queuedAt: ago(5) });
    expect('queuePosition' in next).toBe(false);
  });

  it('leaves alone what the reporter of commit statuses has stored', () => {
    const reported = { state: 'success', targetUrl: 'http://web.test' } as never;
    expect(
      nextStatus(observed({ build: { status: { reported } } }), { phase: 'Stopped' }, now),
    ).toMatchObject({ reported });
  });

  it('is the same object when nothing changes, so that nothing is written', () => {
    const shown = { phase: 'Stopped' as const, conditions: [deployedNow] };
    const first = nextStatus(observed(), shown, now);
    expect(nextStatus(observed({ build: { status: first } }), shown, now + 60_000)).toBe(first);
  });
});

describe('conditions', () => {
  const told = [condition('Deployed', 'True', 'Deployed'), condition('Ready', 'False', 'Stopped')];

  it('stand in the order in which a build meets them, each type once', () => {
    const shown = { conditions: [deployedNow] };
    const next = nextStatus(observed({ build: { status: { conditions: [...told].reverse() } } }), shown, now);
    expect(next.conditions?.map(({ type }) => type)).toEqual(['Deployed', 'Ready']);
  });

  it('keep their time while their status stays, and take a new one when it changes', () => {
    const conditions = [
      { type: 'Ready' as const, status: 'False' as const, reason: 'Starting', message: 'It starts.' },
      { type: 'Deployed' as const, status: 'False' as const, reason: 'Forbidden', message: 'It may not.' },
    ];
    const next = nextStatus(observed({ build: { status: { conditions: told } } }), { conditions }, now);
    const times = next.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]);
    expect(times).toEqual([
      ['Deployed', ago(0).replace('.000Z', 'Z')],
      ['Ready', ago(60)],
    ]);
  });

  it('that say the same stay as they are, also when the spec has changed', () => {
    const seen = observed({ build: { metadata: { generation: 9 }, status: { conditions: told } } });
    const next = nextStatus(seen, { conditions: [{ ...deployedNow, message: 'Deployed.' }] }, now);
    expect(next.conditions?.[0]).toBe(told[0]);
  });

  it('carry the generation that they speak of', () => {
    const next = nextStatus(
      observed({ build: { metadata: { generation: 9 } } }),
      { conditions: [deployedNow] },
      now,
    );
    expect(next.conditions).toMatchObject([{ type: 'Deployed', observedGeneration: 9 }]);
  });

  it('have messages of at most 1024 characters', () => {
    const conditions = [{ ...deployedNow, message: 'x'.repeat(5000) }];
    expect(nextStatus(observed(), { conditions }, now).conditions?.[0]?.message).toHaveLength(1024);
  });

  it('do not split a character when they are cut', () => {
    expect(shorten('ab😀cd', 4)).toBe('ab…');
    expect(shorten('ab😀', 4)).toBe('ab😀');
  });
});

describe('the patch of a status', () => {
  const status = fc.record(
    {
      phase: fc.constantFrom<RunboatBuildStatus['phase']>('Queued', 'Stopped'),
      attempt: fc.nat(3),
      queuedAt: fc.constantFrom(ago(1), ago(2)),
      conditions: fc.constantFrom([], [condition('Ready', 'True', 'Started')]),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<RunboatBuildStatus>;

  it('turns one status into the other by the rules of RFC 7396', () => {
    fc.assert(
      fc.property(status, status, (before, after) => {
        const merged: Record<string, unknown> = { ...before };
        for (const [key, value] of Object.entries(statusPatch(before, after) ?? {})) {
          if (value === null) delete merged[key];
          else merged[key] = value;
        }
        expect(merged).toEqual(after);
      }),
    );
  });

  it('does not exist when there is nothing to change', () => {
    fc.assert(fc.property(status, (same) => expect(statusPatch(same, { ...same })).toBeUndefined()));
    expect(statusPatch(undefined, {})).toBeUndefined();
  });

  it('names nothing that stays', () => {
    expect(statusPatch({ phase: 'Queued', attempt: 1 }, { phase: 'Stopped', attempt: 1 })).toEqual({
      phase: 'Stopped',
    });
  });
});
