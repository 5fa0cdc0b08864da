export interface BackoffOptions {
  /** The first delay, milliseconds. */
  firstMs: number;
  maxMs: number;
  /** How long things must have gone well for the delays to begin small again. */
  healthyMs: number;
}

/** Growing, jittered delays between attempts that fail. Time and chance are handed in. */
export class Backoff {
  private readonly options: BackoffOptions;
  private readonly random: () => number;
  private failures = 0;

  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.options = options;
    this.random = random;
  }

  /** Milliseconds to wait after a failure that came after `healthyForMs` of success: half to the whole of the step. */
  next(healthyForMs: number): number {
    if (healthyForMs >= this.options.healthyMs) this.failures = 0;
    const step = Math.min(this.options.firstMs * 2 ** this.failures, this.options.maxMs);
    this.failures = Math.min(this.failures + 1, 30);
    return step * (0.5 + this.random() / 2);
  }
}
