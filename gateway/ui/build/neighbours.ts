import type { BuildJson } from '../../builds/build-json.js';
import { callApi } from '../api.js';

/** A build as lists have it: what there is not is left out. */
export type ListedBuild = Pick<
  BuildJson,
  'name' | 'commit_info' | 'status' | 'init_status' | 'created' | 'last_scaled' | 'ready'
> &
  Partial<BuildJson>;

/** How many places there are to initialise builds, and how many are taken. */
export interface Places {
  /** Builds that wait. */
  readonly to_initialize: number;
  readonly initializing: number;
  readonly max_initializing: number;
}

/** While the build waits or is initialised, others matter more. */
const OFTEN_MS = 5_000;
const SELDOM_MS = 30_000;
/** The API lists those that wait with those that run: of more than so many that wait, the list would be too long. */
const MAX_WAITING = 500;

/** The other builds of a build's repository, and those that are being initialised. Asked for now and then. */
export class Neighbours {
  /** Of the repository, newest first; undefined: not known yet. */
  ofRepo: readonly ListedBuild[] | undefined;
  /** Being initialised, of all repositories. */
  running: readonly ListedBuild[] = [];
  places: Places | undefined;
  private repo = '';
  private isBusy = false;
  /** Of `ofRepo`, milliseconds since the epoch. */
  private loadedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** `isBusy`: the build waits for others, so what those do matters. */
  watch(repo: string, isBusy: boolean): void {
    if (repo === this.repo && isBusy === this.isBusy) return;
    this.repo = repo;
    this.isBusy = isBusy;
    this.loadedAt = 0;
    clearTimeout(this.timer);
    void this.load();
  }

  close(): void {
    clearTimeout(this.timer);
    this.repo = '';
  }

  /** What cannot be read stays as it was. */
  private async load(): Promise<void> {
    const { repo } = this;
    if (!document.hidden) {
      const isDue = Date.now() - this.loadedAt >= SELDOM_MS;
      await Promise.all([
        isDue ? this.loadRepo(repo) : undefined,
        this.isBusy ? this.loadRunning() : undefined,
      ]);
    }
    if (repo !== this.repo) return;
    this.changed();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), this.isBusy ? OFTEN_MS : SELDOM_MS);
  }

  private async loadRepo(repo: string): Promise<void> {
    const answer = await callApi<ListedBuild[]>(`/builds?repo=${encodeURIComponent(repo)}`);
    if (!answer.ok || repo !== this.repo) return;
    this.loadedAt = Date.now();
    this.ofRepo = answer.value.toSorted((a, b) => (a.created < b.created ? 1 : -1));
  }

  private async loadRunning(): Promise<void> {
    const places = await callApi<Places>('/status');
    if (!places.ok) return;
    this.places = places.value;
    if (places.value.to_initialize > MAX_WAITING) return;
    const builds = await callApi<ListedBuild[]>('/builds?status=initializing');
    if (builds.ok) this.running = builds.value.filter(({ init_status: state }) => state === 'started');
  }
}
