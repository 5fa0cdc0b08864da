import { cp, lstat, mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../usage.js';

export const OLD = 'kustomization.yaml.jinja';
export const NEW = 'kustomization.yaml.hbs';
// The Python runboat writes it over with what it renders, so what is in it is never used.
const RENDERED = 'kustomization.yaml';

/**
 * Copies what is beside the template to another folder, or to none when both are the same. What exists is never
 * written over: somebody may have worked on it. Throws UsageError, before anything is copied.
 */
export async function copyFiles(folder: string, target: string, say: (line: string) => void): Promise<void> {
  if (await exists(path.join(target, NEW)))
    throw new UsageError(`${path.join(target, NEW)} exists already; remove it to convert anew.`);
  const isSame = (await resolved(folder)) === (await resolved(target));
  if (!isSame) await assertOutside(folder, target);
  if (await exists(path.join(target, RENDERED)))
    throw new UsageError(
      `There is a ${path.join(target, RENDERED)}, which ${NEW} will be rendered to, so a bundle cannot have both; ` +
        `move it away${isSame ? ' (the Python runboat never used it), or name another folder to write to' : ''}.`,
    );
  const files = (await listFiles(folder, '')).filter((file) => file !== OLD && file !== RENDERED);
  for (const file of files.filter((name) => name.endsWith('.hbs')))
    say(
      `note: ${path.join(folder, file)} is a template in a bundle, because of its ending; rename it if it is none.`,
    );
  if (isSame) return;
  await assertNoClash(folder, target, files);
  if (await exists(path.join(folder, RENDERED)))
    say(`note: ${path.join(folder, RENDERED)} is left out; the Python runboat never used it.`);
  await mkdir(target, { recursive: true });
  for (const file of files) await cp(path.join(folder, file), path.join(target, file), { force: false });
}

async function assertOutside(folder: string, target: string): Promise<void> {
  const way = path.relative(await resolved(folder), await resolved(target));
  if (way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way)) return;
  throw new UsageError(`${target} is within ${folder}, and so would become a part of itself; name another.`);
}

async function assertNoClash(folder: string, target: string, files: readonly string[]): Promise<void> {
  const clashes: string[] = [];
  for (const file of files)
    if (await holdsOther(path.join(target, file), path.join(folder, file))) clashes.push(file);
  if (clashes.length === 0) return;
  throw new UsageError(
    `${target} has other files of the same names: ${clashes.join(', ')}; remove them, or name another folder.`,
  );
}

/** Whether something else than the source is there; an equal file may stay from an earlier run. */
async function holdsOther(destination: string, source: string): Promise<boolean> {
  if (!(await exists(destination))) return false;
  const [there, wanted] = await Promise.all([destination, source].map(contentOf));
  return there === undefined || wanted === undefined || !there.equals(wanted);
}

function contentOf(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(() => undefined);
}

/** Whether there is anything of that name, or its folder is none. */
async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

/** The paths of all files, relative to the folder. */
async function listFiles(folder: string, under: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(path.join(folder, under), { withFileTypes: true })) {
    const file = path.join(under, entry.name);
    if (entry.isDirectory()) files.push(...(await listFiles(folder, file)));
    else files.push(file);
  }
  return files;
}

/** The path without symbolic links, as far as it exists. */
async function resolved(folder: string): Promise<string> {
  const whole = path.resolve(folder);
  const parent = path.dirname(whole);
  if (parent === whole) return whole;
  return realpath(whole).catch(async () => path.join(await resolved(parent), path.basename(whole)));
}
