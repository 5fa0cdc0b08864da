import { PreparedJson } from '../http/prepared-json.js';
import { type BuildFilter, filterKey } from './build-filter.js';
import { listedJson } from './build-json.js';
import type { BuildDirectory } from './directory.js';

/** As many different filters are kept at once, and as many bytes. */
const MAX_ENTRIES = 64;
const MAX_BYTES = 8 * 1024 * 1024;
const CHUNK = 256;

/** The answers to `GET /builds`, one a filter, made anew after any change of any build. */
export class BuildLists {
  private readonly directory: BuildDirectory;
  private readonly lists = new Map<string, PreparedJson>();
  private version = -1;
  private bytes = 0;

  constructor(directory: BuildDirectory) {
    this.directory = directory;
  }

  list(filter: BuildFilter): PreparedJson {
    if (this.version !== this.directory.version) this.forget();
    const key = filterKey(filter);
    const known = this.lists.get(key);
    if (known !== undefined) return known;
    const list = new PreparedJson(this.serialise(filter));
    if (this.lists.size >= MAX_ENTRIES || this.bytes + list.body.length > MAX_BYTES) this.forget();
    this.lists.set(key, list);
    this.bytes += list.body.length;
    return list;
  }

  private forget(): void {
    this.lists.clear();
    this.bytes = 0;
    this.version = this.directory.version;
  }

  /** In pieces, because thousands of builds as one text cost twice their size at once. */
  private serialise(filter: BuildFilter): Buffer {
    const builds = this.directory.list(filter);
    const pieces: Buffer[] = [];
    for (let begin = 0; begin < builds.length; begin += CHUNK) {
      const texts = builds
        .slice(begin, begin + CHUNK)
        .map((build) => listedJson(this.directory.describe(build)));
      pieces.push(Buffer.from((begin === 0 ? '' : ',') + texts.join(',')));
    }
    return Buffer.concat([Buffer.from('['), ...pieces, Buffer.from(']')]);
  }
}
