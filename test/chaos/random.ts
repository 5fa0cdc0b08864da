import { createHash } from 'node:crypto';

/** Numbers that a seed repeats. */
export class Random {
  private drawn = 0;

  constructor(private readonly seed: string) {}

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    const hash = createHash('sha256')
      .update(`${this.seed}/${this.drawn++}`)
      .digest();
    return least + (hash.readUInt32BE() % (most - least + 1));
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length - 1)];
    if (value === undefined) throw new Error('there is nothing to pick from');
    return value;
  }
}
