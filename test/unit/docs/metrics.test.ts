import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { OperatorMetrics } from '../../../operator/metrics.js';
import { repositoryRoot } from '../../cluster/paths.js';

interface Documented {
  readonly name: string;
  readonly type: string;
  readonly labels: string[];
}

describe('the page of metrics', () => {
  it('has every metric of the operator with its type and labels, and no other', async () => {
    expect(documented()).toEqual(await measured());
  });
});

/** Rows of the table: name, type, labels. */
function documented(): Documented[] {
  const page = readFileSync(path.join(repositoryRoot, 'docs/metrics.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(runboat_\w+)` \| (\w+) \| ([^|]*)\|/gm)];
  return sorted(
    rows.map(([, name = '', type = '', labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label ?? ''),
    })),
  );
}

/** What a scrape shows; each metric is used once so that its labels are seen. */
async function measured(): Promise<Documented[]> {
  const metrics = new OperatorMetrics();
  metrics.observe({
    builds: () => [],
    slots: () => ({ started: { used: 1, waiting: 0 } }),
    limits: () => ({ started: 6 }),
    workQueue: () => 0,
    leads: () => true,
  });
  metrics.reconciled(0.1, true);
  metrics.kube.requested({ method: 'GET', resource: 'pods', status: 200, seconds: 0.1 });
  const hooks = metrics.kube.informerHooks('pods');
  hooks.onEvent?.('ADDED');
  hooks.onWatchEnd?.('ended');
  hooks.onRepair?.(1);
  const all = await metrics.registry.getMetricsAsJSON();
  const own = all.filter(({ name }) => name.startsWith('runboat_'));
  return sorted(
    own.map((metric) => ({
      name: metric.name,
      type: String(metric.type),
      labels: Object.keys(metric.values[0]?.labels ?? {}).filter((label) => label !== 'le'),
    })),
  );
}

function sorted(metrics: Documented[]): Documented[] {
  const plain = metrics.map((metric) => ({ ...metric, labels: [...metric.labels].sort() }));
  return plain.sort((a, b) => (a.name < b.name ? -1 : 1));
}
