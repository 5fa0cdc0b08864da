import type { RequestInfo } from '../../lib/kube/requests.js';

/** Milliseconds that a write may still be carried out after it was given up: as long as any request may take. */
const mayArriveFor = 10_000;

/** Whether a write of this process, to which no answer came, may still be carried out. */
export class UnansweredWrites {
  private until = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds that only grow. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Takes note of a request and of its answer; status 0 is none. */
  note({ method, status }: Pick<RequestInfo, 'method' | 'status'>): void {
    if (method !== 'GET' && status === 0) this.until = this.now() + mayArriveFor;
  }

  get mayArrive(): boolean {
    return this.now() < this.until;
  }
}
