import { BLOCKS, HELPERS } from '../../operator/render/helpers.js';

const WORDS = new Set([
  ...BLOCKS,
  ...Object.keys(HELPERS),
  ...'this as else true false null undefined log'.split(' '),
]);

/** The name, or one like it that is neither taken nor means something in Handlebars. */
export function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  for (let number = 2; WORDS.has(name) || taken.includes(name); number++) name = `${wanted}${number}`;
  return name;
}
