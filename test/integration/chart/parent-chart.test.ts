import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { chartFolder, find, renderChart } from './helm-support.js';

const parent = mkdtempSync(path.join(tmpdir(), 'runboat-parent-'));
afterAll(() => rmSync(parent, { recursive: true }));

mkdirSync(path.join(parent, 'charts'));
cpSync(chartFolder, path.join(parent, 'charts', 'runboat'), { recursive: true });
const dependencies = [{ name: 'runboat', version: '*', condition: 'runboat.enabled' }];
const chart = { apiVersion: 'v2', name: 'platform', version: '1.0.0', dependencies };
writeFileSync(path.join(parent, 'Chart.yaml'), JSON.stringify(chart));

describe('the chart as a part of another one', () => {
  it('is there when its condition is true, with the images and pull secrets that all share', async () => {
    const global = { imageRegistry: 'registry.example.org', imagePullSecrets: ['pull'] };
    const objects = await renderChart(parent, { global, runboat: { enabled: true } }, 'platform');
    for (const name of ['platform-runboat-operator', 'platform-runboat-gateway']) {
      const { spec } = find(objects, 'Deployment', name)['spec'].template;
      expect(spec.containers[0].image).toMatch(/^registry\.example\.org\/runboat:/);
      expect(spec.imagePullSecrets).toEqual([{ name: 'pull' }]);
    }
    const { spec } = find(objects, 'StatefulSet', 'platform-runboat-postgresql')['spec'].template;
    expect(spec.containers[0].image).toMatch(/^docker\.io\/library\/postgres:/);
    expect(spec.imagePullSecrets).toEqual([{ name: 'pull' }]);
  });

  it('is there when nothing is said of it, and not when its condition is false', async () => {
    expect(await renderChart(parent)).not.toEqual([]);
    expect(await renderChart(parent, { runboat: { enabled: false } })).toEqual([]);
  });
});
