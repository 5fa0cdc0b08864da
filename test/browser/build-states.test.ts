import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Phase } from '../../crds/runboatbuild.generated.js';
import { type SampleParts, sampleBuild } from '../support/sample-builds.js';
import { SampleGateway } from '../support/sample-gateway.js';
import { waitFor } from '../support/wait-for.js';
import { keepPicture, seriousFindings, useBrowser } from './browser.js';
import { button, shows } from './world.js';

const browser = useBrowser();
const gateway = new SampleGateway();

beforeAll(() => gateway.start());
afterAll(() => gateway.stop());

/** The page of a build in a phase, with a short log. */
async function openBuild(phase: Phase, parts: Partial<SampleParts> = {}): Promise<Page> {
  gateway.put(sampleBuild({ name: 'it', repo: 'oca/web', pr: 12, phase, ...parts }));
  const page = await browser.open(`${gateway.address}/webui/`);
  await page.route('**/init-log*', (route) => route.fulfill({ contentType: 'text/plain', body: 'a line\n' }));
  await page.goto(`${gateway.address}/webui/build.html?name=it`);
  await page.locator('.build-state .state').waitFor();
  return page;
}

const offered = async (page: Page) =>
  (await page.locator('.build > .actions > *').allTextContents()).map((text) => text.trim());
const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent.trim()');

describe('The page of a build', () => {
  it.each([
    ['Queued', ['Start when ready', 'Initialise again']],
    ['Initializing', ['Start when ready', 'Initialise again']],
    ['Stopped', ['Start', 'Initialise again']],
    ['Starting', ['Starting…', 'Cancel start', 'Initialise again']],
    ['Started', ['Open', 'Stop', 'Initialise again']],
    ['Stopping', ['Initialise again']],
    ['Failed', ['Read why', 'Initialise again']],
    ['Undeploying', []],
  ] as const)(
    'that is %s offers what would change something, with the main thing first',
    async (phase, words) => {
      const page = await openBuild(phase);
      expect(await offered(page)).toEqual(words);
      expect(await seriousFindings(page)).toEqual([]);
      await keepPicture(page, `state-${phase.toLowerCase()}`);
    },
  );

  it.each([
    ['Queued', 'It starts by itself as soon as it is initialised.', 'Start when ready'],
    ['Initializing', 'It starts by itself as soon as it is initialised.', 'Start when ready'],
    ['Stopped', 'does so by itself as soon as nothing stands in its way', 'Start'],
  ] as const)('that is %s and to be started says so, and how not to', async (phase, words, start) => {
    const page = await openBuild(phase, { startRequested: true });
    await page.getByText(words).waitFor();
    expect((await offered(page)).slice(-2)).toEqual(['Do not start', 'Initialise again']);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, `state-${phase.toLowerCase()}-to-start`);
    await button(page, 'Do not start').focus();
    await page.keyboard.press('Enter');
    await waitFor(async () => (await offered(page)).join() === [start, 'Initialise again'].join());
    expect(await focused(page)).toBe(start);
    await page.getByText(words).waitFor({ state: 'detached' });
  });

  it('can be used with keys alone: the focus goes on where something can be done', async () => {
    const page = await openBuild('Stopped');
    await button(page, 'Start').focus();
    await page.keyboard.press('Enter');
    await shows(page, 'starting');
    expect(await focused(page)).toBe('Starting…');
    gateway.change('it', { phase: 'Started', url: 'http://it.builds.example.org' });
    await shows(page, 'started');
    expect(await focused(page)).toBe('Open');
    gateway.change('it', { phase: 'Starting' });
    await button(page, 'Cancel start').focus();
    await page.keyboard.press('Enter');
    await shows(page, 'stopping');
  });

  it('asks so that keys can answer, and takes the question back with Escape', async () => {
    const page = await openBuild('Stopped');
    const again = button(page, 'Initialise again');
    await again.focus();
    await page.keyboard.press('Enter');
    const question = page.getByRole('group', { name: /is lost when it is initialised again/ });
    await question.waitFor();
    expect(await focused(page)).toBe('Keep it as it is');
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Initialise again');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await shows(page, 'waiting');
    await waitFor(async () => (await focused(page)) !== '');
  });
});
