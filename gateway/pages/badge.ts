import { type ShownState, STATE_LOOKS } from './state-looks.js';

const LABEL = 'runboat';
/** Of a character at 11 px in Verdana, about; the text is fitted to it. */
const CHARACTER = 6.6;
const PADDING = 12;
/** The shape, 12 px, and what is between it and the word. */
const SHAPE = 16;

/** A picture of a build's state, which stands in it by name and by its shape: colour is not needed to read it. */
export function badge(state: ShownState | 'unknown'): string {
  const { colour, shape } = STATE_LOOKS[state];
  const [label, value] = [widthOf(LABEL), widthOf(state) + SHAPE];
  const width = label + value;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${LABEL}: ${state}">
<title>${LABEL}: ${state}</title>
<rect width="${width}" height="20" rx="3" fill="#424242"/>
<path d="M${label} 0h${value - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H${label}z" fill="${colour}"/>
<path transform="translate(${label + PADDING / 2} 4) scale(.75)" d="${shape}" fill="#fff" fill-rule="evenodd"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">
${text(LABEL, label / 2, label)}
${text(state, label + SHAPE + (value - SHAPE) / 2, value - SHAPE)}
</g>
</svg>
`;
}

function widthOf(words: string): number {
  return Math.round(words.length * CHARACTER) + PADDING;
}

function text(words: string, centre: number, width: number): string {
  return `<text x="${centre}" y="14" textLength="${width - PADDING}">${words}</text>`;
}
