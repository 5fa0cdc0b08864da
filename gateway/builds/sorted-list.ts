/** Values in an order that is total, kept while single ones come and go: a search takes logarithmic time. */
export class SortedList<T> {
  private readonly values: T[];
  private readonly compare: (a: T, b: T) => number;

  constructor(values: Iterable<T>, compare: (a: T, b: T) => number) {
    this.compare = compare;
    this.values = [...values].sort(compare);
  }

  get all(): readonly T[] {
    return this.values;
  }

  add(value: T): void {
    this.values.splice(this.placeOf(value), 0, value);
  }

  /** Takes out the value that is equal in the order, if there is one. */
  remove(value: T): void {
    const index = this.indexOf(value);
    if (index !== -1) this.values.splice(index, 1);
  }

  /** From 0; -1 when there is none. */
  indexOf(value: T): number {
    const index = this.placeOf(value);
    const found = this.values[index];
    return found !== undefined && this.compare(found, value) === 0 ? index : -1;
  }

  private placeOf(value: T): number {
    let low = 0;
    let high = this.values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(this.values[middle]!, value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
