import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sampleBuilds } from '../support/sample-builds.js';
import { SampleGateway } from '../support/sample-gateway.js';
import { keepPicture, seriousFindings, useBrowser } from './browser.js';

const browser = useBrowser();
const full = new SampleGateway();
const empty = new SampleGateway();

beforeAll(async () => {
  for (const build of sampleBuilds(Date.now())) full.put(build);
  await Promise.all([full.start({ limits: { initializing: 4, started: 8, deployed: 40 } }), empty.start()]);
});
afterAll(() => Promise.all([full.stop(), empty.stop()]));

/** Pages, and words that are there when all is. */
const PAGES = [
  ['front', '/', 'Running now'],
  ['builds', '/webui/builds.html', '23 builds'],
] as const;

describe('Each page', () => {
  it.each(PAGES)('has nothing serious for axe to find, in light and dark: %s', async (name, path, words) => {
    const page = await browser.open(full.address + path);
    await page.getByText(words).first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    await keepPicture(page, `${name}-light`);
    await page.emulateMedia({ colorScheme: 'dark' });
    await keepPicture(page, `${name}-dark`);
  });

  it.each(PAGES)('fits on a phone: %s', async (name, path, words) => {
    const page = await browser.open(full.address + path, { phone: true });
    await page.getByText(words).first().waitFor();
    const [seen, all] = await page.evaluate<[number, number]>(
      '[innerWidth, document.documentElement.scrollWidth]',
    );
    expect(all).toBe(seen);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, `${name}-phone`);
  });

  it.each(PAGES)('says how to get a first build when there is none: %s', async (name, path, _words) => {
    const page = await browser.open(empty.address + path);
    await page.getByRole('heading', { name: 'No builds yet' }).waitFor();
    expect(await page.getByText('Push to a branch').isVisible()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, `${name}-empty`);
  });

  it('of an error looks like the others', async () => {
    browser.expectTrouble(/404/);
    const page = await browser.open(`${full.address}/webui/nothing.html`);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Not found');
    expect(await page.getByRole('link', { name: 'All builds' }).isVisible()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'error');
  });
});
