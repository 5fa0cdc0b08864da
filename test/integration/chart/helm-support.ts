import { load, loadAll } from 'js-yaml';
import { runCommand } from '../../cluster/command.js';
import type { Cluster } from '../../cluster/control-plane.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { findPrograms } from '../../cluster/programs.js';

export const chartFolder = `${repositoryRoot}/charts/runboat`;

/** The real helm, against a cluster where one is given. Gives what it printed. */
export async function helm(args: string[], options: { cluster?: Cluster; values?: object } = {}) {
  const programs = await findPrograms(['helm']);
  const env = { ...process.env, ...(options.cluster ? { KUBECONFIG: options.cluster.kubeconfig } : {}) };
  const values = options.values ? ['--values', '-'] : [];
  const input = options.values ? JSON.stringify(options.values) : undefined;
  return runCommand(programs.helm, [...args, ...values], { env, input });
}

export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: any kind of resource.
  readonly [field: string]: any;
}

/** What the chart renders with these values, without a cluster. */
export async function render(values: object = {}, release = 'runboat'): Promise<Rendered[]> {
  return renderChart(chartFolder, values, release);
}

/** The same of another folder with a chart. */
export async function renderChart(folder: string, values: object = {}, release = 'runboat') {
  const text = await helm(['template', release, folder, '--namespace', 'runboat'], { values });
  return loadAll(text).filter((object): object is Rendered => object !== null && object !== undefined);
}

/** The one object of a kind and name. */
export function find(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`The chart renders no ${kind} ${name}.`);
  return found;
}

/** The configuration that the chart writes. */
export function configurationOf(objects: readonly Rendered[]): Record<string, unknown> {
  return load(find(objects, 'ConfigMap', 'runboat')['data']['config.yaml']) as Record<string, unknown>;
}
