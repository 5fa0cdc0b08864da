import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN } from '../support/gateway-process.js';
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
    // Ends of names are given up only where there is no room at all.
    const cut = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.row-repo, .row-main, .named-main > *')].filter((name) => name.scrollWidth > name.clientWidth + 1).map((name) => name.textContent)",
    );
    expect(cut).toEqual([]);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, `${name}-phone`);
  });

  it.each([...PAGES, ['none', '/webui/build.html?name=none', 'No such build']])(
    'needs no scrolling sideways where it is 320 pixels wide: %s',
    async (_name, path, words) => {
      browser.expectTrouble(/404/);
      const page = await browser.open(full.address + path, { viewport: { width: 320, height: 640 } });
      await page.getByText(words).first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      const beyond = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.row *, .meter *, .bar *')].filter((part) => part.getBoundingClientRect().right > 320 && !part.closest('.hidden-words')).map((part) => part.className)",
      );
      expect(beyond).toEqual([]);
    },
  );

  it('has every link and action of the list for an admin whose phone is 360 pixels wide', async () => {
    const page = await browser.open(`${full.address}/webui/builds.html`, {
      phone: true,
      viewport: { width: 360, height: 740 },
    });
    await page.getByRole('button', { name: 'Sign in' }).first().click();
    await page.getByLabel('User').fill(ADMIN.user);
    await page.getByLabel('Password').fill(ADMIN.password);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Reset' }).first().waitFor();
    const troubles = await page.evaluate<
      string[]
    >(`[...document.querySelectorAll('.row.build')].flatMap((row) => {
      const box = row.getBoundingClientRect();
      return [...row.querySelectorAll('a, button, time, .state')].filter((part) => {
        const { width, left, right, top, bottom } = part.getBoundingClientRect();
        return width === 0 || left < box.left || right > box.right + 1 || top < box.top || bottom > box.bottom;
      }).map((part) => row.dataset.key + ': ' + part.textContent);
    })`);
    expect(troubles).toEqual([]);
    await keepPicture(page, 'builds-narrow-phone');
  });

  it('has the same form to sign in, whose fields phones do not magnify', async () => {
    const looks = new Set<string>();
    for (const path of ['/', '/webui/builds.html', '/webui/build.html?name=none']) {
      browser.expectTrouble(/404/);
      const page = await browser.open(full.address + path, { phone: true });
      await page.getByRole('button', { name: 'Sign in' }).first().click();
      looks.add(
        await page.evaluate<string>(`(() => {
          const { borderRadius, borderColor, fontSize, padding } = getComputedStyle(document.querySelector('[name="user"]'));
          return [borderRadius, borderColor, fontSize, padding].join();
        })()`),
      );
      await keepPicture(page, 'sign-in-phone');
    }
    expect([...looks]).toEqual([expect.stringMatching(/^6px,.*,16px,/)]);
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
