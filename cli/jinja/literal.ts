/** Prints nothing, and parts what would be read as one: `{{!}}` is a comment. */
export const NOTHING = '{{!}}';

/** A text of a Jinja template as Handlebars has to have it, to print it as it is. */
export function literal(text: string): string {
  return text.replace(/(\\*)(\{{2,})(?=([^{]?))/g, (_, slashes: string, braces: string, next: string) => {
    // A backslash escapes just two braces, and only with something behind them.
    const escapes = slashes === '' && braces === '{{' && next !== '';
    return escapes ? `\\${braces}` : append(slashes, printed(braces));
  });
}

function printed(braces: string): string {
  return `{{default "${braces}" ""}}`;
}

/** Puts one piece of a Handlebars template behind another, so that each keeps its meaning. */
export function append(text: string, next: string): string {
  if (text === '' || next === '') return text + next;
  // Three braces in a row, on either side, would be one delimiter.
  if (text.endsWith('{') && next.startsWith('{')) return append(text.slice(0, -1), printed('{')) + next;
  if (text.endsWith('}}') && next.startsWith('}')) return text + NOTHING + next;
  // A backslash right before `{{` would make Handlebars print the braces; a second one makes it print the first.
  if (text.endsWith('\\') && next.startsWith('{{')) return `${text}\\${next}`;
  if (text.endsWith('\\') && next.startsWith('\\{{')) return `${text}\\${NOTHING}${next}`;
  return text + next;
}

/** Several pieces, one behind the other. */
export function appendAll(...pieces: readonly string[]): string {
  return pieces.reduce(append, '');
}
