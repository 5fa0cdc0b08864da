import { describe, expect, it } from '@jest/globals';
import { apply, getResource, kubectl, useNamespace, waitFor } from '../../support/cluster.js';

const namespace = useNamespace();

interface Pod {
  metadata: { name: string };
  status: {
    phase: string;
    reason?: string;
    podIP?: string;
    startTime?: string;
    conditions: { type: string; status: string; reason?: string }[];
    containerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  ready: boolean;
  restartCount: number;
  state: {
    running?: object;
    waiting?: { reason: string };
    terminated?: { exitCode: number; reason: string; message?: string };
  };
}

describe('A pod of a simulated node without a script', () => {
  it('completes when it belongs to a Job, and so does the Job', async () => {
    await createJob('plain', {});
    await jobCondition('plain', 'Complete');
  });

  it('becomes Ready when it belongs to a Deployment, with an address', async () => {
    await apply(namespace.name, deployment('web', {}));
    await waitFor(async () => (await getResource(namespace.name, 'deployment', 'web')).status.readyReplicas, {
      describe: 'a ready replica',
    });
    const [pod] = await podsOf('web');
    expect(pod!.status.podIP).toMatch(/^10\./);
    expect(condition(pod!, 'Ready')).toBe('True');
  });

  it('is gone at once when it is deleted', async () => {
    await createPod('short-lived', {});
    await podWhere('short-lived', (pod) => pod.status.phase === 'Running');
    await kubectl(['delete', 'pod', 'short-lived', '-n', namespace.name, '--wait=false']);
    await waitFor(async () => (await getPod('short-lived')) === undefined, {
      timeoutMs: 5_000,
      describe: 'the pod to be gone',
    });
  });
});

describe('A pod whose script tells how it ends', () => {
  it('completes after as many seconds as it says, not before', async () => {
    await createJob('slow', { run: 'complete-after', seconds: '2' });
    const { status } = await jobCondition('slow', 'Complete');
    expect(Date.parse(status.completionTime) - Date.parse(status.startTime)).toBeGreaterThanOrEqual(2_000);
  });

  it('completes even without a Job', async () => {
    await createPod('done', { run: 'complete' });
    const pod = await podWhere('done', ({ status }) => status.phase === 'Succeeded');
    expect(container(pod).state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
  });

  it('leaves its termination message, of any characters', async () => {
    const message = 'Installing "addons" failed:\n  - {only: base} {{ .x }} é€';
    await createJob('talking', { run: 'success-message', message });
    await jobCondition('talking', 'Complete');
    const [pod] = await podsOf('talking');
    expect(container(pod!).state.terminated!.message).toBe(message);
  });

  it('fails with exit code 1 and its message, and so does the Job', async () => {
    await createJob('failing', { run: 'fail', message: 'no such commit' });
    await jobCondition('failing', 'Failed');
    const [pod] = await podsOf('failing');
    expect(pod!.status.phase).toBe('Failed');
    expect(container(pod!).state.terminated).toMatchObject({
      exitCode: 1,
      reason: 'Error',
      message: 'no such commit',
    });
  });

  it('is evicted as by a kubelet under pressure', async () => {
    await createPod('evicted', { run: 'evict' });
    const pod = await podWhere('evicted', ({ status }) => status.phase === 'Failed');
    expect(pod.status.reason).toBe('Evicted');
    expect(condition(pod, 'DisruptionTarget')).toBe('True');
  });

  it('that is deleted reaches a final phase before it is gone, as a kubelet makes it', async () => {
    await createPod('held-back', {});
    await podWhere('held-back', (pod) => pod.status.phase === 'Running');
    await patchFinalizers('held-back', ['runboat.test/held-back']);
    await kubectl(['delete', 'pod', 'held-back', '-n', namespace.name, '--wait=false']);
    const pod = await podWhere('held-back', ({ status }) => status.phase === 'Failed');
    expect(container(pod).state.terminated).toMatchObject({ exitCode: 137 });
    await patchFinalizers('held-back', null);
    await waitFor(async () => (await getPod('held-back')) === undefined, { describe: 'the pod to be gone' });
  });

  it('takes as many seconds to terminate as it says', async () => {
    await createPod('reluctant', { 'terminating-seconds': '2' });
    await podWhere('reluctant', (pod) => pod.status.phase === 'Running');
    const deleted = Date.now();
    await kubectl(['delete', 'pod', 'reluctant', '-n', namespace.name, '--wait=false']);
    await waitFor(async () => (await getPod('reluctant')) === undefined, { describe: 'the pod to be gone' });
    expect(Date.now() - deleted).toBeGreaterThanOrEqual(1_900);
  });
});

describe('A pod whose script keeps it from its end', () => {
  it('hangs while a plain one that was created later completes, and completes when told to', async () => {
    await createJob('hanging', { run: 'hang' });
    await waitFor(async () => (await podsOf('hanging'))[0]?.status.phase === 'Running', {
      describe: 'a pod',
    });
    await createJob('later', {});
    await jobCondition('later', 'Complete');
    const [pod] = await podsOf('hanging');
    expect(pod!.status.phase).toBe('Running');
    await annotate(pod!, 'complete');
    await jobCondition('hanging', 'Complete');
  });

  it('runs but is never Ready, until told otherwise', async () => {
    await createPod('unready', { run: 'never-ready' });
    const pod = await podWhere('unready', ({ status }) => status.phase === 'Running');
    expect(condition(pod, 'Ready')).toBe('False');
    expect(container(pod).state.running).toBeDefined();
    await annotate(pod, 'hang');
    await podWhere('unready', (later) => condition(later, 'Ready') === 'True');
  });

  it('waits for an image that cannot be pulled', async () => {
    await createPod('no-image', { run: 'image-pull' });
    const waiting = (reason: string) => (pod: Pod) =>
      pod.status.containerStatuses?.[0]?.state.waiting?.reason === reason;
    const pod = await podWhere('no-image', waiting('ImagePullBackOff'));
    expect(pod.status.phase).toBe('Pending');
  });

  it('crash-loops in a Deployment, which then has no ready replica', async () => {
    await apply(namespace.name, deployment('crashing', { run: 'crash-loop' }));
    const pod = await waitFor(
      async () => (await podsOf('crashing')).find((one) => one.status.containerStatuses?.[0]?.restartCount),
      { describe: 'a restarted container' },
    );
    expect(container(pod).state.waiting!.reason).toBe('CrashLoopBackOff');
    const { status } = await getResource(namespace.name, 'deployment', 'crashing');
    expect(status.readyReplicas).toBeUndefined();
  });
});

function getPod(name: string): Promise<Pod | undefined> {
  return getResource(namespace.name, 'pod', name);
}

function podWhere(name: string, matches: (pod: Pod) => boolean): Promise<Pod> {
  let last: Pod | undefined;
  const find = async () => {
    last = await getPod(name);
    return last && matches(last) ? last : undefined;
  };
  return waitFor(find, { describe: () => ({ pod: name, seen: last?.status }) });
}

async function podsOf(app: string): Promise<Pod[]> {
  return JSON.parse(await kubectl(['get', 'pods', '-n', namespace.name, '-l', `app=${app}`, '-o', 'json']))
    .items;
}

function jobCondition(name: string, type: string) {
  return waitFor(
    async () => {
      const job = await getResource(namespace.name, 'job', name);
      return job.status.conditions?.some((one: { type: string }) => one.type === type) ? job : undefined;
    },
    { describe: `the Job ${name} to have the condition ${type}` },
  );
}

function condition(pod: Pod, type: string): string | undefined {
  return pod.status.conditions?.find((one) => one.type === type)?.status;
}

function container(pod: Pod): ContainerStatus {
  return pod.status.containerStatuses![0]!;
}

async function annotate(pod: Pod, script: string): Promise<void> {
  const annotation = `runboat.test/run=${script}`;
  await kubectl(['annotate', 'pod', pod.metadata.name, '-n', namespace.name, '--overwrite', annotation]);
}

function createPod(name: string, script: Record<string, string>): Promise<void> {
  const { metadata, spec } = podTemplate(name, script, 'Never');
  return apply(namespace.name, { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec });
}

function createJob(name: string, script: Record<string, string>): Promise<void> {
  const spec = { backoffLimit: 0, template: podTemplate(name, script, 'Never') };
  return apply(namespace.name, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec });
}

function deployment(name: string, script: Record<string, string>): object {
  const spec = { selector: { matchLabels: { app: name } }, template: podTemplate(name, script, 'Always') };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
}

/** The script is given without the prefix of its annotations. */
function podTemplate(app: string, script: Record<string, string>, restartPolicy: string) {
  const annotations = Object.fromEntries(
    Object.entries(script).map(([key, value]) => [`runboat.test/${key}`, value]),
  );
  return {
    metadata: { labels: { app }, annotations },
    spec: { restartPolicy, containers: [{ name: 'main', image: 'example.org/image:1' }] },
  };
}

async function patchFinalizers(name: string, finalizers: string[] | null): Promise<void> {
  const body = JSON.stringify({ metadata: { finalizers } });
  await kubectl(['patch', 'pod', name, '-n', namespace.name, '--type=merge', '-p', body]);
}
