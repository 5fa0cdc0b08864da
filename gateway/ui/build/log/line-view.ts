import { html, nothing, type TemplateResult } from 'lit';
import { TEXTS } from '../../texts.js';
import type { LogLines } from './log-lines.js';
import { cutAtMatches } from './log-search.js';
import { RowCutter } from './row-breaks.js';
import type { Colour, Segment, Style } from './sgr.js';

export interface LineMarks {
  /** Where rows begin, see `breaksOf`. */
  readonly breaks: readonly number[];
  /** What is searched for, lower case; '' for nothing. */
  readonly query: string;
  /** The line that the search stands at. */
  readonly isCurrent: boolean;
  /** The address of the page points at it. */
  readonly isTarget: boolean;
  /** The Tab key comes to its number, and to no other. */
  readonly isTabStop: boolean;
}

/** One line: its number, which is a link to it, and its text, of which nothing is ever read as HTML. */
export function lineView(lines: LogLines, number: number, marks: LineMarks): TemplateResult {
  const classes = `log-line${marks.isTarget ? ' target' : ''}${marks.isCurrent ? ' current' : ''}`;
  const rows = new RowCutter(marks.breaks);
  return html`<div class=${classes}><a
    class="log-number" href="#L${number}" data-line=${number} tabindex=${marks.isTabStop ? 0 : -1}
    aria-label=${TEXTS.log.line(number)} aria-current=${marks.isTarget ? 'true' : nothing}>${number}</a><span class="log-text">${lines.segments(number).map((part) => segment(part, marks.query, rows))}</span></div>`;
}

function segment({ text, style }: Segment, query: string, rows: RowCutter): TemplateResult {
  const content = cutAtMatches(text, query).map((piece, index) => {
    const parts = inRows(piece, rows);
    return index % 2 === 1 ? html`<mark>${parts}</mark>` : parts;
  });
  const classes = classesOf(style);
  const css = cssOf(style);
  if (classes === '' && css === '') return html`${content}`;
  // A property and not an attribute: the page's policy refuses those.
  return html`<span class=${classes || nothing} .style=${css}>${content}</span>`;
}

/** The ends of rows are drawn by the style sheet: they are no part of the text, and are not copied with it. */
function inRows(piece: string, rows: RowCutter): unknown {
  const [first, ...others] = rows.cut(piece);
  return others.length === 0
    ? first
    : [first, others.map((part) => html`<span class="row-end"></span>${part}`)];
}

const FLAGS = ['bold', 'dim', 'italic', 'underline', 'strike'] as const;

function classesOf(style: Style): string {
  const [fg, bg] = coloursOf(style);
  const flags: string[] = FLAGS.filter((flag) => style[flag] === true);
  if (style.inverse && fg === undefined) flags.push('inverse-fg');
  if (style.inverse && bg === undefined) flags.push('inverse-bg');
  if (typeof fg === 'number') flags.push(`fg-${fg}`);
  if (typeof bg === 'number') flags.push(`bg-${bg}`);
  return flags.join(' ');
}

/** Only colours that we computed from numbers stand here. */
function cssOf(style: Style): string {
  const [fg, bg] = coloursOf(style);
  const parts = [
    typeof fg === 'string' ? `color:${fg}` : '',
    typeof bg === 'string' ? `background-color:${bg}` : '',
  ];
  return parts.filter((part) => part !== '').join(';');
}

function coloursOf({ fg, bg, inverse }: Style): [Colour | undefined, Colour | undefined] {
  return inverse === true ? [bg, fg] : [fg, bg];
}
