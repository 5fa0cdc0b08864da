const FORMAT = new Intl.NumberFormat('en');

/** A number of things, with its thousands set apart. */
export function countText(count: number): string {
  return FORMAT.format(count);
}
