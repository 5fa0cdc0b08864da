import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogPage } from '../../../gateway/logs/log-page.js';
import { TerminalText } from '../../../gateway/logs/terminal-text.js';

function pageOf(...pieces: (string | Uint8Array)[]): string {
  const page = new LogPage();
  const texts = pieces.map((piece) => page.push(typeof piece === 'string' ? Buffer.from(piece) : piece));
  return texts.join('') + page.end().replace('</pre></body></html>\n', '');
}

function textOf(...pieces: string[]): string {
  const text = new TerminalText();
  return pieces.map((piece) => text.push(piece)).join('') + text.end();
}

describe('the page of a log', () => {
  it('shows markup as the text that it is', () => {
    expect(pageOf('<script>alert("1")</script> & \'x\'')).toBe(
      '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#x27;x&#x27;',
    );
  });

  it('shows colours, also when a sequence is cut', () => {
    const red = '<span style="color:rgb(187,0,0)">no</span>';
    expect(pageOf('\x1b[31mno\x1b[0m')).toBe(red);
    expect(pageOf('\x1b', '[3', '1mno', '\x1b[0m')).toBe(red);
  });

  it('shows characters that were cut in their middle', () => {
    const bytes = Buffer.from('Zürich ✓');
    expect(pageOf(...[...bytes].map((byte) => Buffer.of(byte)))).toBe('Zürich ✓');
  });

  it('makes no link and no title of what a program wrote to its terminal', () => {
    const link = '\x1b]8;;https://example.org\x07click\x1b]8;;\x07';
    expect(pageOf(link, '\x1b]0;title\x1b\\', 'x')).toBe('clickx');
  });

  it('is nothing but escaped text and spans of ours, whatever the log has', () => {
    const nasty = fc.array(
      fc.constantFrom(
        '\x1b',
        '[',
        ']',
        '8;;',
        'javascript:x',
        '\x07',
        '\\',
        '38;2;1;2;3m',
        '<b>',
        '"',
        "'",
        '&',
        'm',
        '\r',
        '\0',
        '✓',
      ),
      { maxLength: 40 },
    );
    const span = /<span style="[a-z0-9(),.:;-]*">|<\/span>/g;
    fc.assert(
      fc.property(nasty, (pieces) => {
        expect(pageOf(...pieces).replace(span, '')).not.toMatch(/[<>"']/);
      }),
    );
  });

  it('says when the log is not whole', () => {
    expect(new LogPage().end('It broke <off>.')).toBe('</pre><p>It broke &lt;off&gt;.</p></body></html>\n');
  });
});

describe('the text of a terminal', () => {
  it('has a line for each line end of any kind', () => {
    expect(textOf('a\r\nb\rc\n', 'd\r', '\ne')).toBe('a\nb\nc\nd\ne');
  });

  it('has no cursor movements, character sets and control characters, but colours and tabs', () => {
    expect(textOf('\x1b[2K\x1b[1;1H\x1b(Ba\0\x07\tb\x9b\x1b7\x1b[1;31mc\x1b[?25l')).toBe('a\tb\x1b[1;31mc');
  });

  it('does not depend on where the pieces were cut', () => {
    const part = fc.constantFrom(
      '\x1b[31m',
      '\x1b]0;t\x07',
      'text',
      '\r\n',
      '\x1b',
      '\x1b[',
      '\x1b]8;',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(part), fc.array(fc.nat(60)), (parts, cuts) => {
        const whole = parts.join('');
        const places = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((end, index) => whole.slice(places[index], end));
        expect(textOf(...pieces)).toBe(textOf(whole));
      }),
    );
  });

  it('keeps little of a sequence that never ends, and takes no longer for it', () => {
    const text = new TerminalText();
    const piece = 'x'.repeat(1_000);
    let length = text.push('\x1b]0;').length;
    for (let count = 0; count < 1_000; count++) length += text.push(piece).length;
    expect(length).toBeGreaterThan(900_000);
  });
});
