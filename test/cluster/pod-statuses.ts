/**
 * The statuses that simulated pods show, as templates of kwok (Go templates that give YAML). They
 * follow what a kubelet writes: conditions, reasons, exit codes and where messages stand.
 */
export const podStatuses = {
  ready: status({
    phase: 'Running',
    ready: true,
    container: 'state: {running: {startedAt: {{ $now | Quote }}}}',
    head: addresses(),
  }),
  succeeded: status({
    phase: 'Succeeded',
    ready: false,
    reason: 'PodCompleted',
    container: terminated('Completed', 0),
  }),
  failed: status({ phase: 'Failed', ready: false, reason: 'PodFailed', container: terminated('Error', 1) }),
  evicted: status({
    phase: 'Failed',
    ready: false,
    reason: 'PodFailed',
    container: terminated('Error', 137),
    head: 'reason: Evicted\nmessage: "The node was low on resource: memory."',
    conditions:
      '- {type: DisruptionTarget, status: "True", reason: TerminationByKubelet, ' +
      'message: "The node was low on resource: memory.", lastTransitionTime: {{ $now | Quote }}}',
  }),
  terminated: status({
    phase: 'Failed',
    ready: false,
    reason: 'PodFailed',
    container: terminated('Error', 137),
  }),
  notReady: status({
    phase: 'Running',
    ready: false,
    reason: 'ContainersNotReady',
    container: 'started: true\n  state: {running: {startedAt: {{ $now | Quote }}}}',
    head: addresses(),
  }),
  imagePullFailed: status({
    phase: 'Pending',
    ready: false,
    reason: 'ContainersNotReady',
    container: waiting('ErrImagePull', 'failed to pull and unpack image: not found'),
  }),
  imagePullBackOff: status({
    phase: 'Pending',
    ready: false,
    reason: 'ContainersNotReady',
    container: waiting('ImagePullBackOff', 'Back-off pulling image'),
  }),
  crashLoop: status({
    phase: 'Running',
    ready: false,
    reason: 'ContainersNotReady',
    container:
      'restartCount: 3\n' +
      '  lastState: {terminated: {exitCode: 1, reason: Error, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}\n' +
      `  ${waiting('CrashLoopBackOff', 'back-off 40s restarting failed container')}`,
    head: addresses(),
  }),
};

interface StatusParts {
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  ready: boolean;
  /** Why it is not ready. */
  reason?: string;
  /** What is particular to each container's status. */
  container: string;
  /** Further fields of the status. */
  head?: string;
  /** Further conditions. */
  conditions?: string;
}

function status({ phase, ready, reason, container, head = '', conditions = '' }: StatusParts): string {
  const state = `status: ${ready ? '"True"' : '"False"'}, reason: ${reason ?? 'null'}`;
  return `{{ $now := Now }}
{{ $root := . }}
{{ $message := index (or .metadata.annotations dict) "runboat.test/message" }}
phase: ${phase}
startTime: {{ or .status.startTime $now | Quote }}
${head}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, ${state}, lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, ${state}, lastTransitionTime: {{ $now | Quote }}}
${conditions}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: ${ready}
  ${container.includes('restartCount') ? '' : 'restartCount: 0'}
  ${container}
{{ end }}
`;
}

/** The message is that of the annotation, as the program would have written it to its termination log. */
function terminated(reason: string, exitCode: number): string {
  return `state:
    terminated:
      exitCode: ${exitCode}
      reason: ${reason}
      {{ if $message }}
      message: {{ $message | Quote }}
      {{ end }}
      startedAt: {{ or $root.status.startTime $now | Quote }}
      finishedAt: {{ $now | Quote }}`;
}

function waiting(reason: string, message: string): string {
  return `state: {waiting: {reason: ${reason}, message: "${message}"}}`;
}

/** A pod keeps its address for life: a second one in podIPs would be refused. */
function addresses(): string {
  return `{{ with NodeIPWith .spec.nodeName }}
hostIP: {{ . | Quote }}
hostIPs: [{ip: {{ . | Quote }}}]
{{ end }}
{{ with or .status.podIP (PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "")) }}
podIP: {{ . | Quote }}
podIPs: [{ip: {{ . | Quote }}}]
{{ end }}`;
}
