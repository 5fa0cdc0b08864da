import { REQUEST_TIMEOUT_MS, type RequestInfo } from '../../lib/kube/requests.js';

/**
 * Whether a write of this process, to which no answer came, may still be carried out: for as long as a request may
 * take.
 */
export class UnansweredWrites {
  private until = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds that only grow. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Takes note of a request and of its answer; status 0 is none. */
  note({ method, status }: Pick<RequestInfo, 'method' | 'status'>): void {
    if (method !== 'GET' && status === 0) this.until = this.now() + REQUEST_TIMEOUT_MS;
  }

  get mayArrive(): boolean {
    return this.now() < this.until;
  }
}
