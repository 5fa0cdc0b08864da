import type { Memory } from '../../parts/memory.js';

/** Of the memory of the browser: each device has the choice of its own. */
const KEY = 'runboat.wrapLog';

/** Whether the lines of logs are wrapped: as somebody chose, else where the page is narrow. */
export class WrapChoice {
  private readonly memory: Memory;
  private readonly narrow: Pick<MediaQueryList, 'matches'>;

  constructor(memory: Memory, narrow: Pick<MediaQueryList, 'matches'>) {
    this.memory = memory;
    this.narrow = narrow;
  }

  get isWrapped(): boolean {
    const chosen = this.memory.getItem(KEY);
    return chosen === null ? this.narrow.matches : chosen === 'yes';
  }

  toggle(): void {
    this.memory.setItem(KEY, this.isWrapped ? 'no' : 'yes');
  }
}
