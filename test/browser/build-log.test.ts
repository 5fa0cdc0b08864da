import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { keepPicture, seriousFindings, useBrowser } from './browser.js';
import { button, pageOf, shows, useWorld } from './world.js';

const browser = useBrowser();
const world = useWorld();

describe('The page of a failing build', () => {
  it('says why, with the end of the log in sight, which can be searched, linked and downloaded', async () => {
    await world.create('broken', { pr: 13 }, { initMessage: 'psycopg2 says that a table lacks' });
    const lines = Array.from(
      { length: 5000 },
      (_, index) => `line ${index + 1}${index === 998 ? ' needle' : ''}`,
    );
    world.log('broken').write(`${lines.join('\n')}\nthe last words\n`);
    world.log('broken').end();
    await world.finish('broken', 'fail');
    const page = await browser.open(pageOf(world, 'broken'));
    await shows(page, 'failed');
    await page.getByText('psycopg2 says that a table lacks').waitFor();
    await page.locator('.log-text', { hasText: 'the last words' }).waitFor();
    expect(await page.locator('.log-line').count()).toBeLessThan(150);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-failed');

    await button(page, 'Read why').click();
    expect(await page.evaluate('document.activeElement.className')).toContain('log-scroll');
    await page.keyboard.press('/');
    await page.keyboard.type('NEEDLE');
    await page.locator('mark', { hasText: 'needle' }).waitFor();
    await page.getByText('1 of 1').waitFor();
    await keepPicture(page, 'build-log-search');
    await page.locator('.log-number', { hasText: /^999$/ }).click();
    expect(new URL(page.url()).hash).toBe('#L999');

    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Download').click()]);
    expect(await readFile(await download.path(), 'utf8')).toBe(`${lines.join('\n')}\nthe last words\n`);
  });

  it('goes to the line that its address points at', async () => {
    const page = await browser.open(`${pageOf(world, 'broken')}#L2500`);
    const line = page.locator('.log-line.target');
    await line.waitFor();
    expect(await line.textContent()).toContain('line 2500');
    expect(await line.isVisible()).toBe(true);
  });

  it('fits on a phone', async () => {
    const page = await browser.open(pageOf(world, 'broken'), { phone: true });
    await shows(page, 'failed');
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-phone');
  });
});

describe('A log that is being written', () => {
  it('is followed until somebody scrolls up, and again from its end on', async () => {
    await world.create('chatty', { pr: 14 });
    const log = world.log('chatty');
    log.write(Array.from({ length: 300 }, (_, index) => `line ${index + 1}\n`).join(''));
    const page = await browser.open(pageOf(world, 'chatty'));
    await page.locator('.log-text', { hasText: /^line 300$/ }).waitFor();
    const scroll = page.locator('.log-scroll');
    await scroll.hover();
    await page.mouse.wheel(0, -2000);
    await page.getByText('Paused').waitFor();
    log.write('line 301\n');
    await button(page, 'Follow · 1 new').waitFor();
    await keepPicture(page, 'build-log-paused');
    expect(await page.locator('.log-text', { hasText: /^line 301$/ }).count()).toBe(0);
    await button(page, 'Follow · 1 new').click();
    await page.locator('.log-text', { hasText: /^line 301$/ }).waitFor();

    await button(page, 'Pause').click();
    await page.getByText('Paused').waitFor();
    await scroll.hover();
    await page.mouse.wheel(0, -200);
    await page.mouse.wheel(0, 4000);
    await page.getByText('Following the end.').waitFor();
    log.cut();
    log.write('line 302\n');
    await page.locator('.log-text', { hasText: /^line 302$/ }).waitFor();
    expect(await page.locator('.log-text', { hasText: /^line 301$/ }).count()).toBe(1);
    await world.finish('chatty');
    log.end();
    await shows(page, 'stopped');
  });
});

describe('What strangers write', () => {
  it('never becomes part of the page: branch, message and log', async () => {
    const hostile = '<img src=x onerror="window.hacked=1">';
    const message = `${hostile}</script><script>window.hacked=1</script>`;
    await world.create('hostile', { targetBranch: hostile }, { initMessage: message, initRun: 'fail' });
    world
      .log('hostile')
      .write(`\x1b[31m${message}\x1b[0m\n\x1b]8;;javascript:window.hacked=1\x07link\x1b]8;;\x07\n`);
    world.log('hostile').end();
    const page = await browser.open(pageOf(world, 'hostile'));
    await shows(page, 'failed');
    await page.locator('.log-text', { hasText: 'onerror' }).first().waitFor();
    expect(await page.locator('h1').textContent()).toContain(hostile);
    expect(await page.locator('main img, main script:not([src]), a[href^="javascript"]').count()).toBe(0);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    await keepPicture(page, 'build-hostile');
  });
});
