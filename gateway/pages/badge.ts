import type { BuildState } from '../builds/build-state.js';

const COLOURS: Readonly<Record<BuildState | 'unknown', string>> = {
  started: '#2e7d32',
  starting: '#00796b',
  initializing: '#1565c0',
  stopped: '#37474f',
  stopping: '#546e7a',
  failed: '#c62828',
  undeploying: '#5d4037',
  unknown: '#757575',
};

const LABEL = 'runboat';
/** Of a character at 11 px in Verdana, about; the text is fitted to it. */
const CHARACTER = 6.6;
const PADDING = 12;

/** A picture of a build's state; the state stands in it by name, so that colour is not needed to read it. */
export function badge(state: BuildState | 'unknown'): string {
  const [label, value] = [widthOf(LABEL), widthOf(state)];
  const width = label + value;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${LABEL}: ${state}">
<title>${LABEL}: ${state}</title>
<rect width="${width}" height="20" rx="3" fill="#424242"/>
<path d="M${label} 0h${value - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H${label}z" fill="${COLOURS[state]}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">
${text(LABEL, label / 2, label)}
${text(state, label + value / 2, value)}
</g>
</svg>
`;
}

function widthOf(text: string): number {
  return Math.round(text.length * CHARACTER) + PADDING;
}

function text(words: string, centre: number, width: number): string {
  return `<text x="${centre}" y="14" textLength="${width - PADDING}">${words}</text>`;
}
