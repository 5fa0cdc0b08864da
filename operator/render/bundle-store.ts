import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, loadBundle } from './bundle.js';
import { BundleInvalid } from './types.js';

interface Entry {
  readonly folder: string;
  /** Names, sizes and times of the files: cheap to look at every few seconds. */
  readonly stamp: string;
  readonly state: Bundle | BundleInvalid;
}

/** The configured bundles, as last read from disk. */
export class BundleStore {
  private folders: ReadonlyMap<string, string>;
  private readonly entries = new Map<string, Entry>();
  /** Folders that were configured since they were looked at. */
  private readonly unread = new Set<string>();

  /** `folders`: name of a bundle to its folder. Nothing is read before the first `refresh`. */
  constructor(folders: Readonly<Record<string, string>>) {
    this.folders = new Map(Object.entries(folders));
  }

  /** Replaces the configured folders; takes effect at the next refresh, until which new ones are unread. */
  setFolders(folders: Readonly<Record<string, string>>): void {
    const before = this.folders;
    this.folders = new Map(Object.entries(folders));
    for (const [name, folder] of this.folders) if (before.get(name) !== folder) this.unread.add(name);
  }

  /** Whether what is known of this name is not yet that of its configured folder. */
  isUnread(name: string): boolean {
    return this.unread.has(name) && this.folders.has(name);
  }

  /** The bundle as last read; undefined when it is not configured or its folder is gone. Throws BundleInvalid. */
  get(name: string): Bundle | undefined {
    const state = this.entries.get(name)?.state;
    if (state instanceof BundleInvalid) throw state;
    return state;
  }

  /** Reads what changed on disk since the last time; gives the names of bundles that came, changed or went. */
  async refresh(): Promise<string[]> {
    const changed: string[] = [];
    for (const name of this.entries.keys()) {
      if (!this.folders.has(name) && this.entries.delete(name)) changed.push(name);
    }
    for (const [name, folder] of this.folders) {
      if (await this.refreshOne(name, folder)) changed.push(name);
      if (this.folders.get(name) === folder) this.unread.delete(name);
    }
    return changed;
  }

  private async refreshOne(name: string, folder: string): Promise<boolean> {
    const stamp = await stampOf(folder);
    // Another folder was configured meanwhile, which the next refresh reads.
    if (this.folders.get(name) !== folder) return false;
    if (stamp === undefined) return this.entries.delete(name);
    const old = this.entries.get(name);
    if (old?.folder === folder && old.stamp === stamp) return false;
    const state = await loadBundle(name, folder).catch((error: unknown) => {
      if (error instanceof BundleInvalid) return error;
      throw error;
    });
    if (this.folders.get(name) !== folder) return false;
    this.entries.set(name, { folder, stamp, state });
    return old === undefined || identity(old.state) !== identity(state);
  }
}

function identity(state: Bundle | BundleInvalid): string {
  return state instanceof BundleInvalid ? state.message : state.version;
}

// Undefined when the folder is gone; what else cannot be read is found and said by loadBundle.
async function stampOf(folder: string): Promise<string | undefined> {
  try {
    const names = (await readdir(folder, { recursive: true })).sort();
    const stamps = await Promise.all(names.map((name) => stampOfFile(folder, name)));
    return stamps.join('\n');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : `unreadable ${code}`;
  }
}

async function stampOfFile(folder: string, name: string): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await lstat(join(folder, name));
  return [name, size, mtimeMs, ctimeMs, ino].join(' ');
}
