/** Height of a line in CSS pixels; `.log-line` in build.css has the same. */
export const LINE_HEIGHT = 20;
/** Drawn above and below what is seen, so that a fast scroll shows no gap. */
const MARGIN_LINES = 15;

/** Indexes of lines, from the first drawn to behind the last. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** What of `count` lines is drawn when `height` pixels from `top` on are seen. */
export function windowOf(top: number, height: number, count: number): Window {
  const from = Math.floor(top / LINE_HEIGHT) - MARGIN_LINES;
  const to = Math.ceil((top + height) / LINE_HEIGHT) + MARGIN_LINES;
  return { from: clamp(from, count), to: clamp(to, count) };
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max);
}
