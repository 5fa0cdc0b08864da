import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { reasonNames } from '../../../crds/conditions.js';
import { repositoryRoot } from '../../cluster/paths.js';

const read = (file: string) => readFileSync(path.join(repositoryRoot, file), 'utf8');
const guide = read('docs/troubleshooting.md');
const headings = [...guide.matchAll(/^#{2,4} (.+)$/gm)].map(([, heading = '']) => heading);

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const { groups } = load(read('charts/runboat/files/alerts.yaml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const dashboard = read('charts/runboat/files/dashboard.json');
const metrics = new Set(
  [...(read('docs/metrics.md') + read('docs/gateway.md')).matchAll(/`(runboat_\w+)`/g)].map(
    ([, name]) => name,
  ),
);

describe('the troubleshooting guide', () => {
  it('has an anchor for each reason', () => {
    expect(reasonNames.filter((name) => !headings.includes(name))).toEqual([]);
  });

  it('has an anchor for each alert', () => {
    expect(alerts.map(({ alert }) => alert).filter((name) => !headings.includes(name))).toEqual([]);
  });

  it('has no section of an alert that there is not', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(headings.filter((name) => /^Runboat[A-Z]/.test(name) && !names.includes(name))).toEqual([]);
  });
});

describe('the sections of reasons', () => {
  it('are those of reasons that there are, and of three that Kubernetes gives', () => {
    const ofKubernetes = ['CrashLoopBackOff', 'ImagePullBackOff', 'ProgressDeadlineExceeded'];
    const [, chapter = ''] = guide.split(/^## Reasons$/m);
    const sections = [...(chapter.split(/^## /m)[0] ?? '').matchAll(/^### (.+)$/gm)].map(([, name]) => name);
    expect(sections.sort()).toEqual([...reasonNames, ...ofKubernetes].sort());
  });

  it('all say something', () => {
    const bodies = guide.split(/^### /m).slice(1);
    expect(bodies.filter((body) => body.trim().split('\n').length < 2)).toEqual([]);
  });
});

describe('alerts and dashboard', () => {
  it.each(alerts)(
    '$alert leads to its section and says in a sentence what is wrong',
    ({ alert, annotations }) => {
      expect(annotations.runbook).toBe(`docs/troubleshooting.md#${alert.toLowerCase()}`);
      expect(annotations.summary).toMatch(/^[A-Z].*\.$/);
    },
  );

  it('ask for metrics that are documented', () => {
    const asked = `${alerts.map(({ expr }) => expr).join('\n')}\n${dashboard}`.matchAll(/runboat_\w+/g);
    const names = [...asked].map(([name]) => name.replace(/_bucket$/, ''));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !metrics.has(name))).toEqual([]);
  });
});
