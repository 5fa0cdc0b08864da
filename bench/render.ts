import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { loadBundle } from '../operator/render/bundle.js';
import { offlineKinds } from '../operator/render/kinds.js';
import { renderTexts } from '../operator/render/render-texts.js';
import { Renderer } from '../operator/render/renderer.js';
import { MODES, type RenderInput } from '../operator/render/types.js';

// Rendering builds with the `odoo` bundle: milliseconds for one mode of one build once its shape is known, and apart
// from it for a shape met for the first time (kustomize and self-check). Prints one JSON line.

const RUNS = 5;
const BUILDS = 2000;

function build(n: number): RenderInput {
  const name = `oca-mis-builder-16-0-pr${n}-1a2b3c4d5e6f`;
  return {
    namespace: 'runboat-builds',
    buildName: name,
    buildSlug: name,
    buildDomain: 'builds.example.org',
    databasePrefix: '',
    commitInfo: {
      repo: 'oca/mis-builder',
      targetBranch: '16.0',
      pr: n + 1,
      gitCommit: String(n).padStart(40, 'a'),
    },
    image: 'registry.example.org/oca/oca-ci/py3.10-odoo16.0:latest',
    env: { PGHOST: 'postgres.example.org', PGPORT: '5432', PGUSER: 'runboat', INCLUDE: `addon_${n}` },
    secretEnv: { PGPASSWORD: `secret ${n}` },
    templateVars: { storageClassName: 'fast' },
  };
}

async function timed(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function median(measure: () => Promise<number>): Promise<number> {
  const figures: number[] = [];
  for (let run = 0; run < RUNS; run += 1) figures.push(await measure());
  return figures.sort((a, b) => a - b)[Math.floor(RUNS / 2)] as number;
}

const folder = fileURLToPath(new URL('../kubefiles/odoo', import.meta.url));
const bundle = await loadBundle('odoo', folder);
const renderer = new Renderer({
  allowed: offlineKinds(['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job']),
});

const compile = await timed(async () => {
  for (const mode of MODES) await renderer.render(bundle, mode, build(0));
});
const whole = await median(() =>
  timed(async () => {
    for (let n = 0; n < BUILDS; n += 1)
      await renderer.render(bundle, MODES[n % MODES.length] ?? 'start', build(n));
  }),
);
const templates = await median(() =>
  timed(() => {
    for (let n = 0; n < BUILDS; n += 1) renderTexts(bundle, MODES[n % MODES.length] ?? 'start', build(n));
  }),
);

const round = (value: number) => Number(value.toFixed(4));
console.log(
  JSON.stringify({
    benchmark: 'render',
    msPerBuild: round(whole / BUILDS),
    msTemplates: round(templates / BUILDS),
    msReplaceAndCheck: round((whole - templates) / BUILDS),
    msNewShape: round(compile / MODES.length),
    buildsPerSecond: Math.round((BUILDS * 1000) / whole),
  }),
);
