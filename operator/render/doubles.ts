import type { KubeResource } from './types.js';

type Tree = Readonly<Record<string, unknown>>;

/**
 * The first name that occurs twice in a list whose items Kubernetes tells apart by it: containers, environment
 * variables, volumes, mounts and ports. A sentence, undefined when there is none.
 */
export function findDouble(resource: KubeResource): string | undefined {
  const found =
    resource.kind === 'Service' ? doublePort(mapAt(resource, 'spec')) : doubleInPod(podSpec(resource));
  return found === undefined
    ? undefined
    : `${resource.kind} ${resource.metadata.name} has ${found} twice; rename or remove one of the two.`;
}

// Where the kinds that run pods keep the specification of the pod.
function podSpec(resource: KubeResource): Tree | undefined {
  const spec = mapAt(resource, 'spec');
  if (resource.kind === 'Pod') return spec;
  const workload = resource.kind === 'CronJob' ? mapAt(mapAt(spec, 'jobTemplate'), 'spec') : spec;
  return mapAt(mapAt(workload, 'template'), 'spec');
}

function doubleInPod(pod: Tree | undefined): string | undefined {
  if (pod === undefined) return undefined;
  const containers = [
    ...listAt(pod, 'initContainers'),
    ...listAt(pod, 'containers'),
    ...listAt(pod, 'ephemeralContainers'),
  ];
  const own =
    doubleBy(containers, 'the container', nameOf) ?? doubleBy(listAt(pod, 'volumes'), 'the volume', nameOf);
  if (own !== undefined) return own;
  for (const container of containers) {
    const found = doubleInContainer(container);
    if (found !== undefined) return `${found} (container ${String(container['name'])})`;
  }
  return undefined;
}

function doubleInContainer(container: Tree): string | undefined {
  return (
    doubleBy(listAt(container, 'env'), 'the environment variable', nameOf) ??
    doubleBy(listAt(container, 'volumeMounts'), 'a mount at', (item) => item['mountPath']) ??
    doubleBy(listAt(container, 'volumeDevices'), 'a device at', (item) => item['devicePath']) ??
    doublePort(container)
  );
}

function doublePort(holder: Tree | undefined): string | undefined {
  const ports = listAt(holder, 'ports');
  const number = (port: Tree) => {
    const value = port['containerPort'] ?? port['port'];
    return value === undefined ? undefined : `${value}/${port['protocol'] ?? 'TCP'}`;
  };
  return doubleBy(ports, 'the port', nameOf) ?? doubleBy(ports, 'the port', number);
}

function doubleBy(items: readonly Tree[], what: string, key: (item: Tree) => unknown): string | undefined {
  if (items.length < 2) return undefined;
  const seen = new Set<unknown>();
  for (const item of items) {
    const value = key(item);
    if (value === undefined || value === null) continue;
    if (seen.has(value)) return `${what} ${String(value)}`;
    seen.add(value);
  }
  return undefined;
}

function nameOf(item: Tree): unknown {
  return item['name'];
}

function mapAt(tree: Tree | undefined, key: string): Tree | undefined {
  const value = tree?.[key];
  return isTree(value) ? value : undefined;
}

function listAt(tree: Tree | undefined, key: string): readonly Tree[] {
  const value = tree?.[key];
  return Array.isArray(value) ? value.filter(isTree) : [];
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
