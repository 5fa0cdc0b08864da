/** 0 to 15: a colour of the palette, which the theme chooses; else a colour of CSS. */
export type Colour = number | string;

/** How a piece of a log looks; what is not there is plain. */
export interface Style {
  readonly fg?: Colour;
  readonly bg?: Colour;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
  readonly strike?: boolean;
}

export interface Segment {
  readonly text: string;
  readonly style: Style;
}

export const PLAIN: Style = {};

// Only complete colour sequences reach us: see TerminalText.
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences consist of them.
const SEQUENCE = /\x1b\[([\d;]*)m/g;

/** The pieces of a line that look different; their texts joined are the line without its escape sequences. */
export function segmentsOf(line: string, start: Style): Segment[] {
  const segments: Segment[] = [];
  let style = start;
  let at = 0;
  for (const match of line.matchAll(SEQUENCE)) {
    if (match.index > at) segments.push({ text: line.slice(at, match.index), style });
    style = applySequence(style, match[1]!);
    at = match.index + match[0].length;
  }
  if (at < line.length) segments.push({ text: line.slice(at), style });
  return segments;
}

/** How the line after this one begins. */
export function styleAfter(line: string, start: Style): Style {
  if (!line.includes('\x1b')) return start;
  let style = start;
  for (const match of line.matchAll(SEQUENCE)) style = applySequence(style, match[1]!);
  return style;
}

export function withoutSequences(line: string): string {
  return line.includes('\x1b') ? line.replace(SEQUENCE, '') : line;
}

/** `parameters` as they stand in "Select Graphic Rendition" (ECMA-48, 8.3.117), separated by semicolons. */
export function applySequence(style: Style, parameters: string): Style {
  const codes = parameters.split(';').map(Number);
  let result = style;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 38 || code === 48) {
      const [colour, length] = extendedColour(codes, at + 1);
      if (colour !== undefined) result = { ...result, [code === 38 ? 'fg' : 'bg']: colour };
      at += length;
    } else {
      result = applyCode(result, code);
    }
  }
  return result;
}

const SET: Readonly<Record<number, Style>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
};

const UNSET: Readonly<Record<number, readonly (keyof Style)[]>> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  29: ['strike'],
  39: ['fg'],
  49: ['bg'],
};

/** A code that means nothing to us changes nothing. */
function applyCode(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  const set = SET[code] ?? colourCode(code);
  if (set !== undefined) return { ...style, ...set };
  const unset = UNSET[code];
  if (unset === undefined) return style;
  return Object.fromEntries(Object.entries(style).filter(([key]) => !unset.includes(key as keyof Style)));
}

function colourCode(code: number): Style | undefined {
  if (code >= 30 && code <= 37) return { fg: code - 30 };
  if (code >= 40 && code <= 47) return { bg: code - 40 };
  if (code >= 90 && code <= 97) return { fg: code - 90 + 8 };
  if (code >= 100 && code <= 107) return { bg: code - 100 + 8 };
  return undefined;
}

/** `5;N` and `2;R;G;B`; the colour, if it is one, and how many codes belong to it. */
function extendedColour(codes: readonly number[], at: number): [Colour | undefined, number] {
  if (codes[at] === 5) return [indexedColour(codes[at + 1]), 2];
  if (codes[at] !== 2) return [undefined, 0];
  const parts = codes.slice(at + 1, at + 4);
  return [parts.length === 3 && parts.every(isByte) ? `rgb(${parts.join(',')})` : undefined, 4];
}

/** The 256 colours of xterm: the palette, a cube of 6 x 6 x 6, and 24 greys. */
function indexedColour(index: number | undefined): Colour | undefined {
  if (index === undefined || !isByte(index)) return undefined;
  if (index < 16) return index;
  if (index >= 232) return rgb(Array(3).fill(8 + (index - 232) * 10));
  const cube = index - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return rgb([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(level));
}

function rgb(parts: readonly number[]): string {
  return `rgb(${parts.join(',')})`;
}

function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}
