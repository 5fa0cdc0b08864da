import { TEXTS } from '../texts.js';

/**
 * A page's HTML from its own: `<page title="KEY">` stands for the frame, with the content of the element in it, and
 * `{{KEY}}` for a text.
 *
 * @throws Error when there is no text of a name.
 */
export function frameHtml(page: string, frame: string): string {
  const parts = /<page title="([^"]+)">([\s\S]*)<\/page>/.exec(page);
  if (parts === null) throw new Error('A page has to be an element <page title="...">.');
  const [, title = '', content = ''] = parts;
  const whole = frame.replace('{{title}}', () => title).replace('{{content}}', () => content.trim());
  return whole.replace(/\{\{(\w+)\}\}/g, (_match, key: string) => textOf(key));
}

function textOf(key: string): string {
  const text = (TEXTS.frame as Readonly<Record<string, string>>)[key];
  if (text === undefined) throw new Error(`There is no text called frame.${key}.`);
  return text;
}
