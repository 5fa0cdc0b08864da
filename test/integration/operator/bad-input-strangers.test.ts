import { beforeAll, describe, expect, it } from '@jest/globals';
import { kubectl } from '../../support/cluster.js';
import {
  type AnyObject,
  cluster,
  createBuild,
  type Kind,
  list,
  patch,
  pathOf,
  read,
  remove,
  useOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import {
  conditionOf,
  expectOneEvent,
  expectOthersGoOn,
  expectSentence,
  refusal,
} from './bad-input-support.js';

const bed = useOperator();

interface Stranger {
  /** How people write the kind. */
  readonly title: string;
  readonly kind: Kind;
  readonly suffix: string;
  readonly body: Record<string, unknown>;
}

const containers = [{ name: 'c', image: 'none' }];
const podSpec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers };

const strangers: Stranger[] = [
  { title: 'ConfigMap', kind: 'configmap', suffix: 'environment', body: { data: { mine: 'yes' } } },
  { title: 'Secret', kind: 'secret', suffix: 'secret-environment', body: { stringData: { mine: 'yes' } } },
  { title: 'Secret', kind: 'secret', suffix: 'runboat', body: { stringData: { mine: 'yes' } } },
  { title: 'Service', kind: 'service', suffix: 'web', body: { spec: { ports: [{ port: 1 }] } } },
  {
    title: 'PersistentVolumeClaim',
    kind: 'pvc',
    suffix: 'data',
    body: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } },
  },
  {
    title: 'Ingress',
    kind: 'ingress',
    suffix: 'web',
    body: { spec: { defaultBackend: { service: { name: 'other', port: { number: 1 } } } } },
  },
  {
    title: 'Deployment',
    kind: 'deployment',
    suffix: 'web',
    body: {
      spec: {
        replicas: 1,
        selector: { matchLabels: { mine: 'yes' } },
        template: { metadata: { labels: { mine: 'yes' } }, spec: { containers } },
      },
    },
  },
];

const kinds = [...new Set(strangers.map(({ kind }) => kind))];

/** Puts an object where a build of that name would have one of its own; gives it as stored. */
async function place(build: string, { title, kind, suffix, body }: Stranger, labelled: boolean) {
  const versions: Partial<Record<Kind, string>> = {
    deployment: 'apps/v1',
    job: 'batch/v1',
    ingress: 'networking.k8s.io/v1',
  };
  // A Python runboat labels its resources in the same way, without a UID.
  const labels = labelled ? { 'runboat/build': build } : {};
  const object = {
    apiVersion: versions[kind] ?? 'v1',
    kind: title,
    metadata: { name: `${build}-${suffix}`, labels },
    ...body,
  };
  return await (await cluster()).create<AnyObject>(pathOf(kind, bed.namespace), object);
}

/** What nobody but its owner may change. */
function essence({ metadata, spec, data }: AnyObject) {
  const { uid, labels, annotations, deletionTimestamp, finalizers } = metadata;
  const own = Object.entries(annotations ?? {}).filter(([key]) => key.includes('runboat'));
  const managers = (metadata as { managedFields?: { manager?: string }[] }).managedFields ?? [];
  const ours = managers.filter(({ manager }) => manager === 'runboat');
  return { uid, labels, own, deletionTimestamp, finalizers: finalizers ?? [], ours, spec, data };
}

async function expectUntouched(kind: Kind, before: AnyObject): Promise<void> {
  const now = await read(kind, bed.namespace, before.metadata.name);
  if (!now) throw new Error(`${kind} ${before.metadata.name} is gone`);
  const bound = kind === 'pvc' ? { finalizers: expect.anything(), spec: expect.anything() } : {};
  expect(essence(now)).toEqual({ ...essence(before), ...bound });
}

const cases = strangers.flatMap((stranger) =>
  [false, true].map((labelled): [string, Stranger, boolean] => [
    `${stranger.title} NAME-${stranger.suffix} ${labelled ? 'with' : 'without'} the label of the build`,
    stranger,
    labelled,
  ]),
);

describe("a stranger's", () => {
  it.each(cases)('%s is neither taken over nor deleted', async (_title, stranger, labelled) => {
    const name = `s-${stranger.kind}-${stranger.suffix}-${labelled ? 1 : 0}`;
    const before = await place(name, stranger, labelled);
    await createBuild(bed.namespace, { name, spec: { replicas: 1 } });
    const { reason, message } = await refusal(bed.namespace, name);
    expect(reason).toBe('NameCollision');
    expect(message).toContain(`${stranger.title} ${name}-${stranger.suffix}`);
    expect(message).toMatch(/does not belong to this build.*Rename or remove it/);
    expectSentence(message);
    await expectUntouched(stranger.kind, before);
    await remove('build', bed.namespace, name);
    await waitForGone(bed.namespace, name);
    await expectUntouched(stranger.kind, before);
    const left = (await Promise.all(kinds.map((kind) => list(kind, bed.namespace, name)))).flat();
    expect(left.map(({ metadata }) => metadata.uid)).toEqual(labelled ? [before.metadata.uid] : []);
  });

  it('object that is removed lets the build go on by itself, after one Event', async () => {
    const before = await place('s-removed', strangers[0]!, false);
    await createBuild(bed.namespace, { name: 's-removed', spec: { replicas: 1 } });
    await refusal(bed.namespace, 's-removed');
    await expectOneEvent(bed, 's-removed', 'NameCollision');
    await expectOthersGoOn(bed.namespace);
    await remove('configmap', bed.namespace, before.metadata.name);
    await waitForPhase(bed.namespace, 's-removed', 'Started', { timeoutMs: 45_000 });
  });
});

describe("a stranger's Deployment that runs under the label of the build, as of a Python runboat,", () => {
  const name = 's-running';
  let deployment: AnyObject;
  let pods: string[];

  beforeAll(async () => {
    const labels = { 'runboat/build': name };
    deployment = await place(
      name,
      {
        ...strangers.at(-1)!,
        body: {
          spec: {
            replicas: 1,
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers } },
          },
        },
      },
      true,
    );
    await kubectl(['rollout', 'status', '-n', bed.namespace, `deployment/${deployment.metadata.name}`]);
    await (await cluster()).create(pathOf('pod', bed.namespace), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${name}-bare`, labels },
      spec: podSpec,
    });
    pods = await podUids();
    expect(pods).toHaveLength(2);
  });

  async function podUids(): Promise<string[]> {
    return (await list('pod', bed.namespace, name)).map(({ metadata }) => metadata.uid).sort();
  }

  it('neither loses a pod nor keeps the refused build from being deleted', async () => {
    await createBuild(bed.namespace, { name });
    expect((await refusal(bed.namespace, name)).reason).toBe('NameCollision');
    await remove('build', bed.namespace, name);
    await waitForGone(bed.namespace, name);
    await expectUntouched('deployment', deployment);
    expect(await podUids()).toEqual(pods);
  });
});

const job = (suffix: string): Stranger => ({
  title: 'Job',
  kind: 'job',
  suffix,
  body: { spec: { suspend: true, template: { metadata: { labels: { mine: 'yes' } }, spec: podSpec } } },
});

describe("a stranger's Job", () => {
  it.each([false, true])(
    'in the place of the initialise job is told, left alone and waited for (labelled: %s)',
    async (labelled) => {
      const name = `s-init-${labelled ? 1 : 0}`;
      const before = await place(name, job('initialize'), labelled);
      await createBuild(bed.namespace, { name });
      const build = await waitForBuild(
        bed.namespace,
        name,
        (seen) => conditionOf(seen, 'Initialized').reason === 'NameCollision',
      );
      expect(build.status?.phase).toBe('Queued');
      const { message } = conditionOf(build, 'Initialized');
      expect(message).toContain(`Job ${name}-initialize exists already and does not belong to this build`);
      expectSentence(message);
      await expectOneEvent(bed, name, 'NameCollision', 2);
      await expectOthersGoOn(bed.namespace);
      await expectUntouched('job', before);
      if (labelled) {
        await remove('build', bed.namespace, name);
        await waitForGone(bed.namespace, name);
        return expectUntouched('job', before);
      }
      await remove('job', bed.namespace, before.metadata.name);
      await waitForPhase(bed.namespace, name, 'Stopped', { timeoutMs: 45_000 });
    },
    90_000,
  );

  it('in the place of the cleanup job is told and left alone; cleanup goes on when it is gone, or is given up', async () => {
    const names = ['s-clean-0', 's-clean-1'];
    for (const name of names) await createBuild(bed.namespace, { name });
    for (const name of names) await waitForPhase(bed.namespace, name, 'Stopped');
    const placed = await Promise.all(names.map((name) => place(name, job('cleanup'), false)));
    for (const name of names) await remove('build', bed.namespace, name);
    for (const name of names) {
      const build = await waitForBuild(
        bed.namespace,
        name,
        (seen) => conditionOf(seen, 'CleanedUp').reason === 'CleanupFailed',
      );
      const { message } = conditionOf(build, 'CleanedUp');
      expect(message).toContain(`Job ${name}-cleanup exists already and does not belong to this build`);
      expect(message).toContain(
        'to give up and remove only resources, set annotation runboat.dev/skip-cleanup',
      );
      expectSentence(message);
    }
    await expectOneEvent(bed, names[0]!, 'CleanupFailed', 2);
    await remove('job', bed.namespace, placed[0]!.metadata.name);
    await waitForGone(bed.namespace, names[0]!, { timeoutMs: 45_000 });
    await patch('build', bed.namespace, names[1]!, {
      metadata: { annotations: { 'runboat.dev/skip-cleanup': 'true' } },
    });
    await waitForGone(bed.namespace, names[1]!);
    await expectUntouched('job', placed[1]!);
  }, 120_000);
});
