import { LABEL_BUILD } from '../../../../crds/constants.js';
import type { BundleStore } from '../../../../operator/render/bundle-store.js';
import type { Renderer } from '../../../../operator/render/renderer.js';
import {
  BundleInvalid,
  type KubeResource,
  MODES,
  type Mode,
  type RenderInput,
} from '../../../../operator/render/types.js';

/** A small bundle without templates: settings, something to run, and a job for each end. */
export function smallBundle(isBroken: () => boolean): { bundles: BundleStore; renderer: Renderer } {
  const render = async (_bundle: unknown, mode: Mode, input: RenderInput): Promise<KubeResource[]> => {
    if (isBroken()) throw new BundleInvalid({ bundle: 'small', sentence: 'it is broken' });
    return resourcesOf(mode, input);
  };
  const renderAll = async (bundle: unknown, input: RenderInput) => {
    const modes = await Promise.all(
      MODES.map(async (mode) => [mode, await render(bundle, mode, input)] as const),
    );
    return Object.fromEntries(modes);
  };
  let wasBroken = isBroken();
  const refresh = async () => {
    const changed = wasBroken === isBroken() ? [] : ['small'];
    wasBroken = isBroken();
    return changed;
  };
  return {
    bundles: { get: () => ({}), isUnread: () => false, refresh } as unknown as BundleStore,
    renderer: { render, renderAll } as unknown as Renderer,
  };
}

function resourcesOf(mode: Mode, { buildName, image }: RenderInput): KubeResource[] {
  const labels = { [LABEL_BUILD]: buildName };
  const metadata = (name: string) => ({ name: `${buildName}-${name}`, labels });
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata('settings'),
    data: { image, started: String(mode === 'start') },
  };
  const web = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('web'),
    spec: { template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } } },
  };
  if (mode === 'initialize' || mode === 'cleanup') return [settings, jobOf(mode, metadata(mode), labels)];
  return [settings, web];
}

function jobOf(mode: Mode, metadata: KubeResource['metadata'], labels: Record<string, string>): KubeResource {
  const template = {
    metadata: { labels: { ...labels, 'runboat/job-kind': mode } },
    spec: { restartPolicy: 'Never' },
  };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { backoffLimit: 0, template } };
}
