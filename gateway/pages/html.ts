const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is safe in the content of an element and in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

export interface Page {
  readonly title: string;
  /** HTML. */
  readonly body: string;
  /** HTML, as the administrator wrote it. */
  readonly footerHtml: string;
}

export function htmlPage({ title, body, footerHtml }: Page): string {
  const footer = footerHtml === '' ? '' : `<footer>${footerHtml}</footer>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="/webui/style.css">
</head>
<body>
<header><a href="/webui/">runboat</a></header>
<main>
${body}
</main>
${footer}</body>
</html>
`;
}

export const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 75rem; padding: 0 1rem 3rem; }
header { padding: 1rem 0; font-weight: 600; }
header a { color: inherit; text-decoration: none; }
h1 { font-size: 1.5rem; margin: 0.5rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.35rem 1rem 0.35rem 0; vertical-align: top; overflow-wrap: anywhere; }
tr { border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
footer { margin-top: 3rem; }
`;
