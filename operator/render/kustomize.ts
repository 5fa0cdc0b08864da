import { type ExecFileException, execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { FileSet } from './kustomization.js';

const MAX_AT_ONCE = 2;
const DEFAULT_TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** kustomize refused the files; the message is its first line, without the paths of this machine. */
export class KustomizeFailed extends Error {}

/** kustomize was stopped by us; the message says why and what to do. */
export class KustomizeStopped extends KustomizeFailed {}

/** Runs `kubectl kustomize` over a set of files. */
export class Kustomize {
  private readonly kubectl: string;
  private readonly timeoutMs: number;
  private readonly temporaryFolder: string;
  private readonly end = new AbortController();
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** `timeoutMs` bounds one run, 20 s unless told; the files are written below `temporaryFolder`, that of the system. */
  constructor(kubectl: string, timeoutMs = DEFAULT_TIMEOUT_MS, temporaryFolder = tmpdir()) {
    this.kubectl = kubectl;
    this.timeoutMs = timeoutMs;
    this.temporaryFolder = temporaryFolder;
  }

  /** Ends what runs: its callers get an AbortError, as do those that come later. */
  stop(): void {
    this.end.abort();
  }

  /** The YAML that kustomize makes of the files; at most two runs at once, others wait. Throws KustomizeFailed. */
  async run(files: FileSet): Promise<string> {
    if (this.running >= MAX_AT_ONCE) await new Promise<void>((start) => this.waiting.push(start));
    else this.running += 1;
    try {
      return await this.runNow(files);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  private async runNow(files: FileSet): Promise<string> {
    this.end.signal.throwIfAborted();
    const folder = await makeFolder(this.temporaryFolder);
    try {
      await writeFiles(folder, files);
      return await this.execute(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private execute(folder: string): Promise<string> {
    // Without PATH kustomize finds no git to fetch with; without the rest no setting of ours reaches it.
    const options = {
      cwd: folder,
      env: { PATH: '' },
      timeout: this.timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT_BYTES,
      signal: this.end.signal,
    } as const;
    return new Promise((done, reject) => {
      execFile(this.kubectl, ['kustomize', folder], options, (error, stdout, stderr) => {
        if (error === null) done(stdout);
        else if (this.end.signal.aborted) reject(this.end.signal.reason);
        // A mode may have no resources at all, which kustomize takes for a mistake.
        else if (firstLine(stderr) === 'kustomization.yaml is empty') done('');
        else reject(this.explain(error, stderr, folder));
      });
    });
  }

  private explain(error: ExecFileException, stderr: string, folder: string): Error {
    // Looked at first, because such a process was killed as well.
    if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
      return new KustomizeStopped(
        `its resources are larger than ${MAX_OUTPUT_BYTES} bytes; make the bundle smaller.`,
      );
    }
    if (error.killed) {
      const seconds = this.timeoutMs / 1000;
      return new KustomizeStopped(
        `kubectl kustomize did not end within ${seconds} s; make the bundle simpler.`,
      );
    }
    if (typeof error.code === 'string') {
      return new Error(
        `${this.kubectl} cannot be run (${error.code}); set RUNBOAT_KUBECTL to the path of kubectl.`,
      );
    }
    return new KustomizeFailed(
      firstLine(stderr).replaceAll(`${folder}/`, '').replaceAll(folder, 'the bundle'),
    );
  }
}

/** Resolved, because kustomize names files by their real path in errors. */
async function makeFolder(parent: string): Promise<string> {
  try {
    return await realpath(await mkdtemp(join(parent, 'runboat-bundle-')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `in ${parent} no folder can be made to render the bundle in (${code}); mount something writable there, or name another folder in TMPDIR.`,
      { cause: error },
    );
  }
}

async function writeFiles(folder: string, files: FileSet): Promise<void> {
  const folders = new Set([...files.keys()].map((path) => dirname(path)));
  for (const path of folders) await mkdir(join(folder, path), { recursive: true });
  await Promise.all([...files].map(([path, content]) => writeFile(join(folder, path), content)));
}

// kubectl says `error: ...`; some builds of it log `E0102 ... "command failed" err="..."` instead.
function firstLine(stderr: string): string {
  const line =
    stderr.split('\n').find((text) => /\S/.test(text) && !text.startsWith('# Warning')) ??
    'it gave no reason';
  const logged = /\berr="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  if (logged === undefined) return line.replace(/^error: /, '');
  return logged.replace(/\\n.*/s, '').replace(/\\(.)/g, '$1');
}

/**
 * The kubectl to use: the one given, else RUNBOAT_KUBECTL, else the first in PATH. Throws Error with a sentence when
 * there is none. Look once at the start: the result is an absolute path.
 */
export function findKubectl(given?: string, env: NodeJS.ProcessEnv = process.env): string {
  const wanted = given || env['RUNBOAT_KUBECTL'];
  // A path is taken from where we are now, because kustomize runs in another folder.
  if (wanted?.includes('/')) {
    if (isExecutable(wanted)) return resolve(wanted);
    throw new Error(
      `kubectl cannot be run from ${wanted}; correct RUNBOAT_KUBECTL, or install kubectl there.`,
    );
  }
  const name = wanted || 'kubectl';
  const folders = (env['PATH'] ?? '').split(delimiter);
  const folder = folders.find((path) => path !== '' && isExecutable(join(path, name)));
  if (folder !== undefined) return resolve(folder, name);
  throw new Error(
    `${name} is not in PATH; install it, or set RUNBOAT_KUBECTL to its path (it renders the bundles).`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
