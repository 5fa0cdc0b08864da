/** Lines that an address points at: `#L12` or `#L12-L20`. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

const HASH = /^#L([1-9]\d{0,8})(?:-L?([1-9]\d{0,8}))?$/;

/** undefined when it points at none. */
export function parseLineHash(hash: string): LineRange | undefined {
  const match = HASH.exec(hash);
  if (match === null) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from <= to ? { from, to } : { from: to, to: from };
}

export function lineHash({ from, to }: LineRange): string {
  return from === to ? `#L${from}` : `#L${from}-L${to}`;
}
