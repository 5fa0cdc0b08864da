import { createHash } from 'node:crypto';
import { readFileSync, type StatsBase, statSync } from 'node:fs';

/** Bytes. A ConfigMap or a Secret holds at most this much. */
const MAX_SIZE = 1_048_576;

/** A file cannot be read; the message says why, as what follows the file's name. */
export class UnreadableFile extends Error {
  constructor(
    readonly why: string,
    readonly code?: string,
  ) {
    super(why);
    this.name = 'UnreadableFile';
  }
}

/** Reads small text files and remembers them, so that one can ask later whether they are still the same. */
export class FilesRead {
  private readonly stamps = new Map<string, string>();
  private readonly digests = new Map<string, string>();

  /** The text of a file, UTF-8, at most 1 MiB. Throws UnreadableFile. */
  read(file: string): string {
    const before = stampOf(file);
    try {
      const text = readText(file);
      this.digests.set(file, createHash('sha256').update(text).digest('hex'));
      return text;
    } catch (error) {
      this.digests.set(file, String(error));
      throw error;
    } finally {
      // One that is being written now may be half there: it counts as changed at the next look.
      this.stamps.set(file, stampOf(file) === before ? before : 'being written');
    }
  }

  /** Whether the contents may be other ones now: a look at sizes, times and places, which follows links. */
  mayHaveChanged(): boolean {
    return [...this.stamps].some(([file, stamp]) => stampOf(file) !== stamp);
  }

  /** Equal for equal files with equal contents. It can be compared and tells no content. */
  get fingerprint(): string {
    return JSON.stringify([...this.digests].sort());
  }
}

/** A link that leads elsewhere, as those in a mounted ConfigMap do after an update, is another file. */
function stampOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    return `cannot be looked at (${codeOf(error)})`;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: `user ${process.getuid?.()} may not read it (EACCES)`,
};

function readText(file: string): string {
  try {
    const found = statSync(file);
    if (!found.isFile()) throw new UnreadableFile(notAFile(found));
    if (found.size > MAX_SIZE) throw new UnreadableFile(`is larger than ${MAX_SIZE} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    const code = codeOf(error);
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new UnreadableFile('is not UTF-8 text');
    throw new UnreadableFile(reasons[code] ?? `cannot be read (${code})`, code);
  }
}

function notAFile(found: StatsBase<number>): string {
  return found.isDirectory() ? 'is a folder; a file is expected' : 'is no regular file';
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
