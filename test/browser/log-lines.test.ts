import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { sampleBuild } from '../support/sample-builds.js';
import { SampleGateway } from '../support/sample-gateway.js';
import { waitFor } from '../support/wait-for.js';
import { keepPicture, type OpenOptions, seriousFindings, useBrowser } from './browser.js';
import { button } from './world.js';

const browser = useBrowser();
const gateway = new SampleGateway();

beforeAll(async () => {
  gateway.put(sampleBuild({ name: 'it', phase: 'Failed' }));
  await gateway.start();
});
afterAll(() => gateway.stop());

/** Of very different lengths, some in characters of another width. */
const LINES = Array.from({ length: 2000 }, (_, index) => {
  if (index % 50 === 7) return `${index + 1} ${'漢字'.repeat(40)} \t tab`;
  return `${index + 1} ${'\x1b[32mword\x1b[0m '.repeat((index * 7) % 60)}`;
});

/** The page of a build with this log. */
async function openLog(
  lines: readonly string[],
  { hash = '', ...options }: OpenOptions & { hash?: string } = {},
) {
  const page = await browser.open(`${gateway.address}/webui/builds.html?status=started`, options);
  const body = `${lines.join('\n')}\n`;
  await page.route('**/init-log*', (route) => route.fulfill({ contentType: 'text/plain', body }));
  await page.goto(`${gateway.address}/webui/build.html?name=it${hash}`);
  await page.getByText(`${lines.length.toLocaleString('en')} lines, to its end.`).waitFor();
  await page.locator('.log-line').first().waitFor();
  return page;
}

const read = <T>(page: Page, expression: string) =>
  page.evaluate<T>(
    `(() => { const scroll = document.querySelector('.log-scroll'); return ${expression}; })()`,
  );

/** Line number and place of the first line that is wholly seen. */
const firstSeen = (page: Page) =>
  read<[number, number]>(
    page,
    `[...scroll.querySelectorAll('.log-number')]
      .map((number) => [Number(number.dataset.line), number.getBoundingClientRect().top - scroll.getBoundingClientRect().top])
      .find(([, top]) => top >= 0)`,
  );

describe('Long lines of a log', () => {
  it('are wrapped on a phone: all of them can be read without scrolling sideways', async () => {
    const page = await openLog([...LINES, `${'x'.repeat(300)}end`], { phone: true });
    expect(await read(page, 'scroll.scrollWidth - scroll.clientWidth')).toBe(0);
    expect(await button(page, 'Wrap').getAttribute('aria-pressed')).toBe('true');
    const end = await read<[number, number]>(
      page,
      `(() => { const range = document.createRange(); range.selectNodeContents([...scroll.querySelectorAll('.log-text')].at(-1));
        const box = range.getBoundingClientRect(); return [box.right, box.bottom - scroll.getBoundingClientRect().bottom]; })()`,
    );
    expect(end[0]).toBeLessThanOrEqual(390);
    expect(end[1]).toBeLessThanOrEqual(0);
    expect(await seriousFindings(page)).toEqual([]);
    await page.locator('.log-scroll').scrollIntoViewIfNeeded();
    await keepPicture(page, 'log-wrapped-phone');
  });

  it('can be scrolled to sideways at a desk, or wrapped with a button, which is remembered', async () => {
    const page = await openLog([`${'x'.repeat(900)}end`, ...LINES.slice(0, 3)]);
    const height = () => read<number>(page, "scroll.querySelector('.log-line').offsetHeight");
    expect(await height()).toBe(20);
    const reach = await read<number>(page, 'scroll.scrollWidth - scroll.clientWidth');
    expect(reach).toBeGreaterThan(5000);
    await button(page, 'Wrap').click();
    await waitFor(async () => (await height()) > 100);
    expect(await read(page, 'scroll.scrollWidth - scroll.clientWidth')).toBe(0);
    await keepPicture(page, 'log-wrapped');
    await page.reload();
    await waitFor(async () => (await height()) > 100);
    await button(page, 'Wrap').click();
    await waitFor(async () => (await height()) === 20);
  });
});

describe('A log whose lines are wrapped', () => {
  it('breaks them between words, which is not copied with them', async () => {
    const words = 'odoo.addons.mis_builder.models.mis_report: Loading module mis_builder (12/240)';
    const page = await openLog([words, 'next'], { phone: true });
    const tops = (text: string) =>
      read<number[]>(
        page,
        `(() => { const text = document.createTreeWalker(scroll.querySelector('.log-text'), NodeFilter.SHOW_TEXT);
          for (let node = text.nextNode(); node; node = text.nextNode()) {
            const at = node.data.indexOf('${text}');
            if (at === -1) continue;
            const range = document.createRange();
            range.setStart(node, at); range.setEnd(node, at + ${text.length});
            return [...range.getClientRects()].map(({ top }) => top);
          } })()`,
      );
    expect(await tops('Loading')).toHaveLength(1);
    expect((await tops('(12/240)'))[0]).toBeGreaterThan((await tops('odoo.addons'))[0]!);
    const copied = await read<string>(
      page,
      "(getSelection().selectAllChildren(scroll.querySelector('.log-text')), getSelection().toString())",
    );
    expect(copied).toBe(words);
  });

  it('goes to the line of its address, and to what is searched, far down in its line too', async () => {
    const long = `${'x'.repeat(3500)} needle`;
    const page = await openLog([...LINES, long, ...LINES], { phone: true, hash: '#L1500' });
    const target = page.locator('.log-line.target');
    await target.waitFor();
    expect(await target.textContent()).toContain(LINES[1499]!.slice(0, 4));
    const isSeen = (selector: string) =>
      read<boolean>(
        page,
        `((box, seen) => box.top >= seen.top && box.bottom <= seen.bottom)(
          scroll.querySelector('${selector}').getBoundingClientRect(), scroll.getBoundingClientRect())`,
      );
    await waitFor(() => isSeen('.log-line.target .log-number'));
    await page.getByRole('searchbox').fill('needle');
    await page.getByText('1 of 1').waitFor();
    await waitFor(() => isSeen('.log-line.current mark'));
    await read(page, `scroll.querySelector('[data-line="2001"]').click()`);
    expect(new URL(page.url()).hash).toBe('#L2001');
  });

  it('moves only as far as one scrolls, up too, where heights are not known before', async () => {
    const page = await openLog(LINES, { phone: true });
    for (let step = 0; step < 60; step++) {
      const [number, top] = await firstSeen(page);
      const place = `scroll.querySelector('[data-line="${number}"]')?.getBoundingClientRect().top - scroll.getBoundingClientRect().top`;
      await read(page, 'scroll.scrollTop -= 137');
      // Two frames: one for the event of the scroll, and one drawn after it.
      const after = await page.evaluate<number>(
        `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
          const scroll = document.querySelector('.log-scroll'); done(${place}); })))`,
      );
      expect(after - top).toBeCloseTo(137, 0);
    }
    expect(await page.locator('.log-line').count()).toBeLessThan(150);
  });

  it('keeps its place when the phone is turned', async () => {
    const page = await openLog(LINES, { phone: true });
    await page.evaluate("document.querySelector('.log-scroll').scrollTop = 20_000");
    await waitFor(async () => (await firstSeen(page))[0] < 1500);
    const [before] = await firstSeen(page);
    await page.setViewportSize({ width: 844, height: 390 });
    await waitFor(async () => Math.abs((await firstSeen(page))[0] - before) <= 1, {
      describe: `line ${before} in sight`,
    });
  });
});

describe('The numbers of lines', () => {
  const focused = (page: Page) => page.evaluate<string>("document.activeElement.dataset.line ?? ''");

  it('are reached by one Tab, walked by arrows, and linked by Enter, with Shift several lines', async () => {
    const page = await openLog(LINES);
    await page.locator('.log-scroll').focus();
    await page.keyboard.press('Home');
    await waitFor(async () => (await read(page, 'scroll.scrollTop')) === 0);
    await page.keyboard.press('Tab');
    const start = Number(await focused(page));
    expect(start).toBeGreaterThan(0);
    await page.keyboard.press('ArrowDown');
    await waitFor(async () => (await focused(page)) === String(start + 1));
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe(`#L${start + 1}`);
    await page.keyboard.press('ArrowDown');
    await waitFor(async () => (await focused(page)) === String(start + 2));
    await page.keyboard.press('Shift+Enter');
    expect(new URL(page.url()).hash).toBe(`#L${start + 1}-L${start + 2}`);
    expect(await page.locator('.log-number[aria-current="true"]').count()).toBe(2);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'log-line-focus');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('');
  });

  it('keep the focus however far it goes, and give it to the log when they are scrolled away', async () => {
    const page = await openLog(LINES);
    await page.locator('.log-number[tabindex="0"]').focus();
    for (const [key, line] of [
      ['Home', '1'],
      ['ArrowUp', '1'],
      ['End', '2000'],
      ['ArrowDown', '2000'],
      ['ArrowUp', '1999'],
    ] as const) {
      await page.keyboard.press(key);
      await waitFor(async () => (await focused(page)) === line, { describe: `${key} to lead to ${line}` });
    }
    await page.keyboard.press('PageUp');
    await waitFor(async () => Number(await focused(page)) < 1990);
    expect(await firstSeen(page)).toEqual([Number(await focused(page)), expect.any(Number)]);
    await read(page, '(scroll.scrollTop = 0)');
    await waitFor(() => page.evaluate("document.activeElement.classList.contains('log-scroll')"));
  });
});
