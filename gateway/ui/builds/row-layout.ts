import type { Row } from './arrange.js';

/** Heights of rows by kind, pixels. */
export type RowHeights = Readonly<Record<Row['kind'], number>>;

/** Where each row is, so that only those that are seen need to be drawn. */
export class RowLayout {
  readonly rows: readonly Row[];
  /** The top of each row, and last the end of all; pixels. */
  private readonly tops: Float64Array;
  private readonly indexes = new Map<string, number>();

  constructor(rows: readonly Row[], heights: RowHeights) {
    this.rows = rows;
    this.tops = new Float64Array(rows.length + 1);
    for (const [index, row] of rows.entries()) {
      this.tops[index + 1] = this.tops[index]! + heights[row.kind];
      this.indexes.set(row.key, index);
    }
  }

  get height(): number {
    return this.tops[this.rows.length]!;
  }

  top(index: number): number {
    return this.tops[index]!;
  }

  bottom(index: number): number {
    return this.tops[index + 1]!;
  }

  /** -1: there is no such row. */
  indexOf(key: string | undefined): number {
    return key === undefined ? -1 : (this.indexes.get(key) ?? -1);
  }

  /** The row at a distance from the top, pixels; the first or last one beyond the ends. */
  at(distance: number): number {
    let [low, high] = [0, this.rows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle]! <= distance) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The next row with a build, in a direction; -1 when there is none. */
  nextBuild(from: number, step: 1 | -1): number {
    let index = from + step;
    while (this.rows[index] !== undefined && this.rows[index]!.kind !== 'build') index += step;
    return this.rows[index] === undefined ? -1 : index;
  }
}
