import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '../cluster/paths.js';

/** A change of one compiled file: what stands there once, and what takes its place. */
export interface Patch {
  /** Under `dist/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The compiled program in a folder of its own, which later builds of the checkout leave alone. */
export class ProgramCopy {
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'runboat-program-'));

  /** Throws when a patch does not fit, because the code has changed since it was written. */
  constructor(patches: readonly Patch[] = []) {
    try {
      for (const part of ['bin', 'dist', 'crds', 'kubefiles', 'package.json']) this.take(part);
      symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(this.folder, 'node_modules'));
      for (const patch of patches) this.apply(patch);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  get program(): string {
    return path.join(this.folder, 'bin', 'runboat');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private take(part: string): void {
    const tests = path.join(repositoryRoot, 'dist', 'test');
    const filter = (source: string) => source !== tests;
    cpSync(path.join(repositoryRoot, part), path.join(this.folder, part), { recursive: true, filter });
  }

  private apply({ file, find, replace }: Patch): void {
    const target = path.join(this.folder, 'dist', file);
    const text = readFileSync(target, 'utf8');
    if (text.split(find).length !== 2)
      throw new Error(`dist/${file} must contain this exactly once, or the bug cannot be planted: ${find}`);
    writeFileSync(
      target,
      text.replace(find, () => replace),
    );
  }
}
