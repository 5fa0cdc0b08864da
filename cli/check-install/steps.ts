import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from '../../gateway/webhook/signature.js';
import type { Config } from '../../lib/config/types.js';
import { Broken, type Part, partOf } from './broken.js';

export interface Check {
  readonly config: Config;
  /** The address of the gateway, without a slash at the end. */
  readonly address: string;
  /** A repository of which branch `main` is built. */
  readonly repo: string;
  /** The longest that a step may take. */
  readonly patienceMs: number;
  /** Takes one line for people. */
  readonly tell: (line: string) => void;
}

/** What is used of a build's answer. */
interface Build {
  readonly name: string;
  readonly status: string;
  readonly init_status?: string;
  readonly message?: string | null;
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON.
  readonly body: any;
}

const pauseMs = 500;

/** Makes a build, starts it and removes it. Throws Broken, which names the part that does not do its work. */
export async function checkInstallation(check: Check): Promise<void> {
  const { tell } = check;
  await checkNames(check);
  tell('DNS: the names of the gateway and of builds are known.');
  await checkGateway(check);
  tell('Gateway: it answers and knows the builds.');
  await deliver(check, 'ping', { zen: 'Keep it logically awesome.' });
  tell('Webhook secret: a signed webhook is taken.');
  const name = await makeBuild(check);
  try {
    await untilInitialized(check, name);
    tell(`Build ${name}: it is made and initialised.`);
    await untilStarted(check, name);
    tell(`Build ${name}: it is started and ready.`);
  } catch (error) {
    // What went wrong first is to be repaired first; the rest is told beside it.
    await askRemoval(check, name).catch((second: Error) => tell(second.message));
    throw error;
  }
  await askRemoval(check, name);
  await untilGone(check, name);
  tell(`Build ${name}: it is removed without a trace. The installation works.`);
}

/** Names below `localhost` are the machine's own, which people's browsers know and a cluster need not. */
async function checkNames({ address, config }: Check): Promise<void> {
  await resolveName(new URL(address).hostname, "the gateway's Service; look at the cluster's DNS");
  const { domain } = config;
  if (domain === 'localhost' || domain.endsWith('.localhost')) return;
  const hint = `builds; a record for *.${domain} has to lead to the ingress controller`;
  await resolveName(`installation-check.${domain}`, hint);
}

async function resolveName(name: string, whose: string): Promise<void> {
  try {
    await lookup(name);
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException;
    throw new Broken('DNS', `The name ${name} is not known (${code}). It is that of ${whose}.`);
  }
}

async function checkGateway(check: Check): Promise<void> {
  let said = 'it does not answer';
  const ready = await until(check, async () => {
    try {
      const response = await fetch(`${check.address}/readyz`, { signal: AbortSignal.timeout(10_000) });
      said = (await response.text()).trim();
      return response.ok;
    } catch (error) {
      said = reasonOf(error);
      return false;
    }
  });
  if (!ready)
    throw new Broken('gateway', `${check.address} is not ready: ${said}. Look at the log of its pods.`);
}

/** Delivers a webhook as GitHub does and gives the answer. */
async function deliver(check: Check, event: string, payload: object): Promise<Answer> {
  const body = JSON.stringify(payload);
  const { webhookSecret } = check.config.github;
  const headers = {
    'content-type': 'application/json',
    'x-github-event': event,
    ...(webhookSecret ? { 'x-hub-signature-256': sign(Buffer.from(body), webhookSecret) } : {}),
  };
  const answer = await call(check, '/webhooks/github', { method: 'POST', headers, body });
  if (answer.status === 200) return answer;
  const said = `It answered ${answer.status}: ${sentenceOf(answer)}`;
  if (answer.status !== 401 && !(answer.status === 503 && /secret/i.test(said)))
    throw new Broken(partOf(said, 'gateway'), `The gateway did not take a webhook. ${said}`);
  const hint = 'The gateway has another webhook secret than this test, or none; give both the same Secret.';
  throw new Broken('webhook secret', `${hint} ${said}`);
}

async function makeBuild(check: Check): Promise<string> {
  const after = randomBytes(20).toString('hex');
  const repository = { full_name: check.repo };
  const { body } = await deliver(check, 'push', {
    ref: 'refs/heads/main',
    after,
    deleted: false,
    repository,
  });
  if (body.result === 'accepted' && typeof body.build === 'string') return body.build;
  const said = `The gateway ignored a push to main of ${check.repo}: ${body.reason}.`;
  throw new Broken('rules', `${said} A rule of repos has to match it.`);
}

async function untilInitialized(check: Check, name: string): Promise<void> {
  const build = await follow(check, name, ({ status }) => ['stopped', 'started', 'failed'].includes(status));
  const said = build.message ?? 'it gave no reason';
  if (build.status === 'failed') throw new Broken(partOf(said, 'initialisation'), `Build ${name}: ${said}`);
  if (build.status === 'stopped') return;
  const part = partOf(said, 'operator');
  const hint =
    part === 'operator' ? ' Is the operator running, and has it a free place (limits.initializing)?' : '';
  throw new Broken(part, `Build ${name} is still ${build.status}: ${said}${hint}`);
}

async function untilStarted(check: Check, name: string): Promise<void> {
  const answer = await call(check, `/api/v1/builds/${name}/start`, asAdministrator(check, 'POST'));
  if (answer.status !== 200) throw refused(answer, 'start', `Build ${name} cannot be started`);
  const build = await follow(check, name, ({ status }) => status === 'started');
  if (build.status === 'started') return;
  const said = build.message ?? 'it gave no reason';
  throw new Broken(partOf(said, 'start'), `Build ${name} is still ${build.status}: ${said}`);
}

async function askRemoval(check: Check, name: string): Promise<void> {
  const answer = await call(check, `/api/v1/builds/${name}`, asAdministrator(check, 'DELETE'));
  if (answer.status !== 200 && answer.status !== 404)
    throw refused(answer, 'gateway', `Build ${name} cannot be removed`);
}

async function untilGone(check: Check, name: string): Promise<void> {
  let said = '';
  let isGone = false;
  await until(check, async () => {
    const { status, body } = await call(check, `/api/v1/builds/${name}`, {});
    said = body?.message ?? '';
    isGone = status === 404;
    return isGone || partOf(said, 'operator') === 'rights';
  });
  if (!isGone) throw new Broken(partOf(said, 'operator'), `Build ${name} is not gone yet: ${said}`);
}

function refused(answer: Answer, part: Part, what: string): Broken {
  const said = `${what}: the gateway answered ${answer.status}, ${sentenceOf(answer)}`;
  return new Broken(answer.status === 401 ? 'administrator' : part, said);
}

/** The build as it was last seen, wanted or not when time is up. A lacking right is told at once. */
async function follow(check: Check, name: string, wanted: (build: Build) => boolean): Promise<Build> {
  let last: Build = { name, status: 'unknown' };
  await until(check, async () => {
    const answer = await call(check, `/api/v1/builds/${name}`, {});
    if (answer.status === 200) last = answer.body;
    return wanted(last) || partOf(last.message ?? '', 'start') === 'rights';
  });
  return last;
}

/** Whether a condition came true in time. */
async function until({ patienceMs }: Check, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await sleep(pauseMs);
  }
  return true;
}

function asAdministrator({ config }: Check, method: string): RequestInit {
  const credentials = Buffer.from(`${config.api.adminUser}:${config.api.adminPassword}`).toString('base64');
  return { method, headers: { authorization: `Basic ${credentials}` } };
}

async function call(check: Check, path: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(`${check.address}${path}`, { ...init, signal: AbortSignal.timeout(30_000) });
    const text = await response.text();
    return { status: response.status, body: parse(text) };
  } catch (error) {
    throw new Broken('gateway', `${check.address}${path} does not answer: ${reasonOf(error)}.`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy in between may answer with a page.
    return { detail: text.slice(0, 200) };
  }
}

function sentenceOf({ body }: Answer): string {
  return typeof body?.detail === 'string' ? body.detail : JSON.stringify(body).slice(0, 200);
}

/** What fetch says lies in the cause of its error. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: Error & { code?: string } };
  return cause?.code ?? cause?.message ?? message;
}
