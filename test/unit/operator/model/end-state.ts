import { LABEL_BUILD, LABEL_JOB_KIND } from '../../../../crds/constants.js';
import type { RunboatBuild } from '../../../../crds/runboatbuild.generated.js';
import type { Config } from '../../../../lib/config/types.js';
import type { Deployment } from '../../../../lib/kube/types.js';
import type { World } from './world.js';

/** What is not as the users want it, once nothing has happened for a while. */
export function judgeEnd(world: World, config: Config): string[] {
  const builds = world.list('runboatbuilds') as unknown as RunboatBuild[];
  return [
    ...builds.flatMap((build) => judgeBuild(world, build)),
    ...judgeStarted(world, builds, config),
    ...judgeDeployed(builds, config),
    ...judgeOrphans(world, builds),
  ];
}

function judgeBuild(world: World, build: RunboatBuild): string[] {
  const { metadata, spec, status } = build;
  const problems: string[] = [];
  const expect = (holds: boolean, sentence: string) =>
    holds || problems.push(`build ${metadata.name} ${sentence}`);
  if (metadata.deletionTimestamp) return [`build ${metadata.name} is still being deleted`];
  if (reasonOf(build, 'Deployed') === 'NameCollision' && status?.phase === 'Failed') return [];
  expect(status?.observedGeneration === metadata.generation, 'has a status of an older generation');
  expect(spec.resetRequestedAt === status?.initializedFor, 'was not reset as asked');
  const asked = Math.floor(Date.parse(spec.resetRequestedAt ?? '') / 1000) * 1000;
  expect(!(Date.parse(status?.initStartedAt ?? '') < asked), 'was last initialised before it was reset');
  expect(status?.queuePosition === undefined, 'shows a place in a queue');
  const deployment = world.get(`deployments/${metadata.name}-web`) as Deployment | undefined;
  const replicas = deployment?.spec?.replicas;
  const wanted = spec.replicas ?? 0;
  const pods = world.list('pods').filter(({ metadata: { labels } }) => {
    return labels?.[LABEL_BUILD] === metadata.name && labels[LABEL_JOB_KIND] === undefined;
  });
  expect(pods.length === replicas, `has ${pods.length} pods with ${replicas} replicas`);
  expect(status?.replicas === replicas, `shows ${status?.replicas} of ${replicas} replicas`);
  const isBlocked = reasonOf(build, 'Ready') === 'StartLimitReached';
  const phase =
    status?.initStatus === 'failed' ? 'Failed' : wanted === 1 && !isBlocked ? 'Started' : 'Stopped';
  expect(status?.phase === phase, `is ${status?.phase} (${status?.initStatus}) and should be ${phase}`);
  expect(replicas === (phase === 'Started' ? 1 : 0), `is ${phase} with ${replicas} replicas`);
  expect(phase !== 'Failed' || wanted === 0, 'has failed and is still asked to start');
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  expect(isReady === (phase === 'Started'), `is ${phase} and its condition Ready is ${isReady}`);
  return problems;
}

function reasonOf(build: RunboatBuild, type: string): string | undefined {
  return build.status?.conditions?.find((condition) => condition.type === type)?.reason;
}

function judgeStarted(world: World, builds: readonly RunboatBuild[], config: Config): string[] {
  const started = builds.filter(({ status }) => status?.phase === 'Started');
  const blocked = builds.filter((build) => reasonOf(build, 'Ready') === 'StartLimitReached');
  const { started: limit } = config.limits;
  const isFree = started.length < limit || (limit > 0 && started.some(({ spec }) => spec.keep !== true));
  return [
    ...(blocked.length > 0 && isFree ? [`${blocked.length} builds wait for a start that is possible`] : []),
    ...(started.filter(({ spec }) => spec.keep !== true).length > 0 && started.length > limit
      ? [`${started.length} builds are started with a limit of ${limit}`]
      : []),
    ...(world.list('deployments').length < builds.filter(isDeployed).length
      ? ['a Deployment is missing']
      : []),
  ];
}

function isDeployed({ status }: RunboatBuild): boolean {
  return !status?.conditions?.some(({ type, status: value }) => type === 'Deployed' && value === 'False');
}

/** Above the limit only because nothing may be deleted. */
function judgeDeployed(builds: readonly RunboatBuild[], config: Config): string[] {
  const deployed = builds.filter(isDeployed);
  if (deployed.length <= config.limits.deployed) return [];
  const deletable = deployed.filter(({ spec, status }) => {
    const isIdle = status?.phase === 'Stopped' || status?.phase === 'Failed';
    const age = Date.now() - Date.parse(status?.initializedAt ?? '');
    return isIdle && spec.replicas !== 1 && spec.keep !== true && age > config.retention.minimumAge;
  });
  const names = deletable.filter((build) => !isNewest(build, deployed)).map(({ metadata }) => metadata.name);
  return names.length === 0 ? [] : [`${deployed.length} builds lie deployed, but ${names} may be deleted`];
}

function isNewest(build: RunboatBuild, deployed: readonly RunboatBuild[]): boolean {
  if (build.spec.pr !== undefined) return false;
  const key = ({ metadata }: RunboatBuild) => `${metadata.creationTimestamp} ${metadata.name}`;
  const others = deployed.filter(
    ({ spec }) => spec.pr === undefined && spec.targetBranch === build.spec.targetBranch,
  );
  return others.every((other) => key(other) <= key(build));
}

function judgeOrphans(world: World, builds: readonly RunboatBuild[]): string[] {
  const uids = new Set(builds.map(({ metadata }) => metadata.uid));
  return [...world.entries()].flatMap(([key, { metadata }]) => {
    const uid = metadata.annotations?.['runboat.dev/build-uid'];
    return uid === undefined || uids.has(uid) ? [] : [`${key} belongs to a build that is gone`];
  });
}
