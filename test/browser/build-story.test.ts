import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { keepPicture, seriousFindings, useBrowser } from './browser.js';
import { button, pageOf, shows, useWorld } from './world.js';

const browser = useBrowser();
const world = useWorld({ initializing: 1 });

describe('A reviewer who follows the link of a pull request', () => {
  it('waits, watches the initialisation, starts the build and is taken to it', async () => {
    await world.create('busy', { repo: 'oca/web' }, { initSeconds: '3' });
    await world.untilStatus('busy', 'initializing');
    await world.create('story', { pr: 12 });
    const page = await browser.open(`${world.address}/builds/story?live`);
    await playBuilds(page);
    await page.evaluate(WATCH_SHIFTS);

    await shows(page, 'waiting');
    await page.getByText('Place 1 in the queue.').waitFor();
    await page.getByText('1 of 1 places to initialise are taken.').waitFor();
    expect(await page.title()).toMatch(/^waiting · oca\/mis-builder #12/);
    await keepPicture(page, 'build-waiting');

    await world.finish('busy');
    await shows(page, 'initialising');
    world.log('story').write('first line\n\x1b[31mred \x1b[1mand bold\x1b[0m line\n');
    await page.locator('.log-text', { hasText: 'red and bold line' }).waitFor();
    expect(await page.locator('.log-text .fg-1').first().textContent()).toBe('red ');
    world.log('story').write('a line that came later\n');
    await page.locator('.log-text', { hasText: 'a line that came later' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-initialising');

    await world.finish('story');
    world.log('story').end();
    await shows(page, 'stopped');
    expect(await world.statusOf('story')).toBe('stopped');
    expect(await page.title()).toMatch(/^stopped/);
    await button(page, 'Start and open').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-stopped');
    expect(await page.evaluate('window.shifts')).toBeLessThan(0.05);

    await button(page, 'Start and open').click();
    await page.waitForURL('http://story.builds.test/**');
    await page.getByText('The build itself').waitFor();
  });

  it('finds Open on a started build, and stops it again', async () => {
    const page = await browser.open(pageOf(world, 'story'));
    await playBuilds(page);
    await shows(page, 'started');
    const open = page.getByRole('link', { name: 'Open', exact: true });
    expect(await open.getAttribute('href')).toBe('http://story.builds.test');
    await page.getByRole('link', { name: 'story.mail.builds.test' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-started');
    await button(page, 'Stop').click();
    await shows(page, 'stopped');
    expect(await page.locator('.step[data-step="stopped"]').getAttribute('data-state')).toBe('now');
    expect(await open.count()).toBe(0);
  });

  it('starts it with a key, and loses nothing by a reset that was not confirmed', async () => {
    const page = await browser.open(pageOf(world, 'story'));
    await shows(page, 'stopped');
    await button(page, 'Initialise again').click();
    await page.getByText('is lost when it is initialised again').waitFor();
    await keepPicture(page, 'build-confirm');
    await button(page, 'Keep it as it is').click();
    await page.keyboard.press('s');
    await shows(page, 'started');
  });
});

describe('A page whose gateway goes away', () => {
  it('says so, keeps what it knew, and goes on by itself when it is back', async () => {
    browser.expectTrouble(/Failed to load resource|ERR_/);
    await world.create('patient', { pr: 17 }, { initRun: 'complete' });
    await world.untilStatus('patient', 'stopped');
    const page = await browser.open(pageOf(world, 'patient'));
    await shows(page, 'stopped');
    await world.stopGateway();
    await page.getByText('Offline').waitFor();
    await shows(page, 'stopped');
    await button(page, 'Start').click();
    await page.getByText('The gateway cannot be reached.').waitFor();
    await keepPicture(page, 'build-offline');
    await world.startGateway();
    await page.getByText('Offline').waitFor({ state: 'detached' });
    await button(page, 'Start').click();
    await shows(page, 'started');
  });
});

/** What the homes of builds show, which are no part of these tests. */
async function playBuilds(page: Page): Promise<void> {
  await page
    .context()
    .route('**://*.builds.test/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<h1>The build itself</h1>' }),
    );
}

/** Adds up what moves without anybody having asked for it. */
const WATCH_SHIFTS = `window.shifts = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifts += shift.value;
}).observe({ type: 'layout-shift', buffered: true });`;
