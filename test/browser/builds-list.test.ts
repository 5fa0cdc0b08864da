import { afterEach, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { HttpError } from '../../gateway/http/http-error.js';
import { manyBuilds, type SampleParts, sampleBuild } from '../support/sample-builds.js';
import { SampleGateway, type SampleOptions } from '../support/sample-gateway.js';
import { waitFor } from '../support/wait-for.js';
import { keepPicture, seriousFindings, useBrowser } from './browser.js';

const browser = useBrowser();
const running: SampleGateway[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
});

async function serve(
  builds: readonly Partial<SampleParts>[],
  options?: SampleOptions,
): Promise<SampleGateway> {
  const gateway = new SampleGateway();
  for (const parts of builds) gateway.put(sampleBuild(parts));
  running.push(gateway);
  return await gateway.start(options);
}

const list = (gateway: SampleGateway, query = '') =>
  browser.open(`${gateway.address}/webui/builds.html${query}`);
const row = (page: Page, name: string): Locator => page.locator(`[data-key="${name}"]`);
const top = async (locator: Locator) => (await locator.boundingBox())!.y;

describe('The list of builds', () => {
  it('groups by repository and branch, with pull requests below their branch, the newest first', async () => {
    const gateway = await serve([
      { name: 'a-web', repo: 'oca/web', targetBranch: '16.0', pr: 0 },
      { name: 'a-account', repo: 'oca/account', targetBranch: '9.0', pr: 0 },
      { name: 'b-account', repo: 'oca/account', targetBranch: '17.0', pr: 0, created: 1_000 },
      { name: 'c-account', repo: 'oca/account', targetBranch: '17.0', pr: 0, created: 2_000 },
      { name: 'd-account', repo: 'oca/account', targetBranch: '17.0', pr: 9 },
      { name: 'e-account', repo: 'oca/account', targetBranch: '17.0', pr: 12 },
      { name: 'f-account', repo: 'oca/account', targetBranch: '18.0', pr: 4 },
    ]);
    const page = await list(gateway);
    await page.getByText('7 builds').waitFor();
    const keys = await page
      .locator('.row')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-key')));
    expect(keys).toEqual([
      'repo oca/account',
      'branch oca/account 18.0',
      'f-account',
      'c-account',
      'b-account',
      'e-account',
      'd-account',
      'a-account',
      'repo oca/web',
      'a-web',
    ]);
    expect(await row(page, 'b-account').textContent()).toContain('earlier');
  });

  it.each([
    ['Queued', 'waiting place 1', ['Init log'], ['Reset']],
    ['Initializing', 'initialising', ['Init log'], ['Reset']],
    ['Stopped', 'stopped', ['Init log'], ['Reset', 'Start']],
    ['Starting', 'starting', ['Init log'], ['Reset', 'Cancel start']],
    ['Started', 'started', ['Init log', 'Log', 'Mail', 'Open'], ['Reset', 'Stop']],
    ['Stopping', 'stopping', ['Init log'], ['Reset']],
    ['Failed', 'failed', ['Init log', 'See why'], ['Reset']],
    ['Undeploying', 'undeploying', ['Init log'], []],
  ] as const)(
    'shows a build that is %s by word, shape and colour, with what fits',
    async (phase, words, links, buttons) => {
      const gateway = await serve([{ name: 'it', phase, pr: 7, targetBranch: '16.0' }]);
      const page = await list(gateway);
      const state = row(page, 'it').locator('.state');
      await state.getByText(words).waitFor();
      expect(await state.locator('path').getAttribute('d')).not.toBe('');
      expect(await row(page, 'it').locator('.row-second a').allTextContents()).toEqual(links);
      expect(await row(page, 'it').locator('button').allTextContents()).toEqual(buttons);
    },
  );

  it('leads to the build, its commit, its pull request, its mail and its logs', async () => {
    const gateway = await serve([
      { name: 'it', repo: 'oca/web', pr: 7, targetBranch: '16.0', phase: 'Started' },
    ]);
    const page = await list(gateway);
    await row(page, 'it').waitFor();
    const links = await row(page, 'it')
      .locator('a')
      .evaluateAll((found) => found.map((link) => link.getAttribute('href')));
    const { commit } = sampleBuild({ name: 'it' }).spec;
    expect(links).toEqual([
      '/webui/build.html?name=it',
      'https://github.com/oca/web/pull/7',
      `https://github.com/oca/web/pull/7/commits/${commit}`,
      '/api/v1/builds/it/init-log',
      '/api/v1/builds/it/log',
      'http://it.mail.builds.example.org',
      'http://it.builds.example.org',
    ]);
    expect(await row(page, 'it').locator('.cell-commit').textContent()).toBe(commit.slice(0, 8));
    expect(await row(page, 'it').locator('time').getAttribute('title')).toMatch(/CET|CEST|GMT\+/);
  });

  it('takes nothing of a build for HTML, and no address that runs a script', async () => {
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'';
    const gateway = await serve([
      { name: 'evil', targetBranch: evil, commit: '"><svg onload=alert(4)>', phase: 'Failed', message: evil },
      { name: 'sly', pr: 1, phase: 'Started', url: 'javascript:alert(5)' },
    ]);
    const page = await list(gateway);
    await row(page, 'evil').waitFor();
    expect(await row(page, 'evil').locator('.row-main').textContent()).toContain(evil);
    expect(await row(page, 'evil').locator('.cell-note').textContent()).toBe(evil);
    expect(await page.locator('.row img, .row script, [href^="javascript" i]').count()).toBe(0);
    expect(await row(page, 'sly').getByRole('link', { name: 'Open' }).count()).toBe(0);
    await keepPicture(page, 'builds-hostile');
  });
});

describe('Filters of the list', () => {
  const builds: Partial<SampleParts>[] = [
    { name: 'one', repo: 'oca/web', targetBranch: '16.0', pr: 0, phase: 'Started' },
    {
      name: 'two',
      repo: 'oca/web',
      targetBranch: '16.0',
      pr: 8,
      phase: 'Failed',
      message: 'The disk is full.',
    },
    { name: 'three', repo: 'oca/account', targetBranch: '17.0', pr: 0, phase: 'Stopped' },
    { name: 'four', repo: 'oca/account', targetBranch: '17.0', pr: 0, phase: 'Queued' },
  ];
  const shownNames = (page: Page) =>
    page
      .locator('.row.build')
      .evaluateAll((rows) => rows.map((found) => found.getAttribute('data-key')!).sort());

  it.each([
    ['?repo=OCA/web', ['one', 'two']],
    ['?repo=oca/web&branch=16.0', ['one']],
    ['?target_branch=16.0', ['one', 'two']],
    ['?pr=8', ['two']],
    ['?status=stopped', ['three']],
    ['?status=initializing', ['four']],
    ['?build_name=one', ['one']],
    ['?repo=oca/web&status=failed', ['two']],
    ['?q=disk%20full', ['two']],
  ])('are in the address: %s', async (query, names) => {
    const page = await list(await serve(builds), query);
    await waitFor(async () => JSON.stringify(await shownNames(page)) === JSON.stringify(names), {
      describe: `the builds ${names}`,
    });
  });

  it('narrow as one types, in the address too, and widen again with the button of the browser', async () => {
    const gateway = await serve(builds);
    const page = await list(gateway);
    await row(page, 'three').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('web #8');
    await waitFor(async () => (await shownNames(page)).join() === 'two');
    expect(page.url()).toContain('q=web+%238');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('link', { name: /failed/ }).click();
    await waitFor(async () => (await shownNames(page)).join() === 'two');
    expect(page.url()).toContain('status=failed');
    await page.goBack();
    await waitFor(async () => (await shownNames(page)).length === 4);
    await page.getByRole('link', { name: 'oca/account', exact: true }).click();
    await waitFor(async () => (await shownNames(page)).join() === 'four,three');
    await page.getByRole('link', { name: /repository oca\/account/ }).click();
    await waitFor(async () => (await shownNames(page)).length === 4);
  });

  it('narrow, and are counted, while the pointer rests over the list', async () => {
    const gateway = await serve(builds);
    const page = await list(gateway);
    await row(page, 'two').hover();
    gateway.remove('one');
    await row(page, 'one').getByText('undeploying').waitFor();
    // What is held under the pointer is not counted: it is gone.
    await page.getByText('3 builds', { exact: true }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('account');
    await waitFor(async () => (await shownNames(page)).join() === 'four,three');
    await page.getByText('2 of 3 builds', { exact: true }).waitFor();
    await keepPicture(page, 'builds-narrowed-under-pointer');
    await page.keyboard.type(' nonsense');
    await page.getByText('No build matches').waitFor();
    await page.getByRole('searchbox').fill('');
    await waitFor(async () => (await shownNames(page)).length === 3);
    await page.goto(`${gateway.address}/webui/builds.html?status=failed`);
    await row(page, 'two').hover();
    await page.evaluate("history.pushState(null, '', '?status=stopped'); history.back()");
    await page.evaluate('history.forward()');
    await waitFor(async () => (await shownNames(page)).join() === 'three');
  });

  it('say so when nothing matches, and when the address is wrong', async () => {
    browser.expectTrouble(/400/);
    const gateway = await serve(builds);
    const page = await list(gateway, '?q=nonsense');
    await page.getByText('No build matches').waitFor();
    await keepPicture(page, 'builds-no-match');
    await page.goto(`${gateway.address}/webui/builds.html?pr=abc`);
    await page.getByText('This address asks for something that there is not').waitFor();
    expect(await page.locator('.lonely').textContent()).toContain('pr');
  });
});

describe('A change of a build', () => {
  it('shows at once, with what can be done now', async () => {
    const gateway = await serve([{ name: 'it', phase: 'Stopped' }]);
    const page = await list(gateway);
    await row(page, 'it').getByRole('button', { name: 'Start' }).click();
    await row(page, 'it').getByText('starting').waitFor();
    gateway.change('it', { phase: 'Started', url: 'http://it.builds.example.org' });
    await row(page, 'it').getByRole('link', { name: 'Open' }).waitFor();
    // Rows that are pointed at stay.
    await page.getByRole('searchbox').hover();
    gateway.remove('it');
    await page.getByText('No builds yet').waitFor();
  });

  it('shows what keeps it from its start, which can be taken back', async () => {
    const message =
      'No more builds may be started, and all that are started are to be kept. It starts by itself when a place is free.';
    const gateway = await serve([
      { name: 'it', phase: 'Stopped', message, startRequested: true },
      { name: 'waits', pr: 2, phase: 'Queued', startRequested: true },
    ]);
    const page = await list(gateway);
    await row(page, 'it').getByText('when a place is free').waitFor();
    expect(await row(page, 'it').locator('button').allTextContents()).toEqual(['Reset', 'Cancel start']);
    expect(await row(page, 'waits').locator('button').allTextContents()).toEqual(['Reset']);
    await keepPicture(page, 'builds-to-start');
    await row(page, 'it').getByRole('button', { name: 'Cancel start' }).click();
    await row(page, 'it').getByRole('button', { name: 'Start', exact: true }).waitFor();
    expect(await row(page, 'it').getByText('when a place is free').count()).toBe(0);
  });

  it('tells in words, in its row, why something could not be done', async () => {
    browser.expectTrouble(/409/);
    const gateway = await serve([{ name: 'it', phase: 'Stopped' }]);
    gateway.refusal = new HttpError(409, 'The build it is being undeployed, so it cannot be started.');
    const page = await list(gateway);
    await row(page, 'it').getByRole('button', { name: 'Start' }).click();
    await row(page, 'it').getByRole('alert').getByText('cannot be started').waitFor();
    await keepPicture(page, 'builds-refused');
    expect(await seriousFindings(page)).toEqual([]);
    await row(page, 'it').getByRole('button', { name: 'Dismiss' }).click();
    expect(await row(page, 'it').getByRole('alert').count()).toBe(0);
  });

  it('resets only after a second click, because what was entered is lost', async () => {
    const gateway = await serve([{ name: 'it', phase: 'Stopped' }]);
    const page = await list(gateway);
    await row(page, 'it').getByRole('button', { name: 'Reset' }).click();
    await row(page, 'it').getByRole('button', { name: 'Lose its data?' }).click();
    await row(page, 'it').getByText('waiting').waitFor();
  });

  it('offers only what a visitor may do', async () => {
    const gateway = await serve(
      [
        { name: 'it', phase: 'Started' },
        { name: 'other', pr: 3, phase: 'Stopped' },
      ],
      {
        publicActions: ['stop'],
      },
    );
    const page = await list(gateway);
    await row(page, 'it').getByRole('button', { name: 'Stop' }).waitFor();
    expect(await page.locator('.row button').allTextContents()).toEqual(['Stop']);
  });

  it('moves nothing under the pointer when builds come and go above', async () => {
    const gateway = await serve(
      ['oca/a', 'oca/b', 'oca/c'].flatMap((repo) =>
        Array.from({ length: 30 }, (_none, index) => ({
          name: `${repo.slice(4)}-${index}`,
          repo,
          pr: index + 1,
        })),
      ),
    );
    const page = await list(gateway);
    const [watched, above] = [row(page, 'a-10'), row(page, 'a-12')];
    await watched.hover();
    const before = await top(watched);
    gateway.put(sampleBuild({ name: 'came', repo: 'oca/a', pr: 99 }));
    await row(page, 'came').waitFor({ state: 'attached' });
    expect(await top(watched)).toBeCloseTo(before, 0);
    gateway.remove('a-12');
    await above.getByText('undeploying').waitFor();
    expect(await top(watched)).toBeCloseTo(before, 0);
    // The ones that are gone go when nobody points at the list.
    await page.getByRole('searchbox').hover();
    await above.waitFor({ state: 'detached' });
  });

  it('goes when the pointer rests for long, so that a list left open tells the truth', async () => {
    const gateway = await serve([{ name: 'one' }, { name: 'two', pr: 2 }, { name: 'three', pr: 3 }]);
    const page = await list(gateway);
    await page.clock.install();
    await row(page, 'one').hover();
    gateway.remove('two');
    await row(page, 'two').getByText('undeploying').waitFor();
    await page.clock.fastForward(31_000);
    await row(page, 'two').waitFor({ state: 'detached' });
    await row(page, 'one').hover({ position: { x: 5, y: 5 } });
    gateway.remove('three');
    await row(page, 'three').getByText('undeploying').waitFor();
  });

  it('lets a build that comes stand out for a moment', async () => {
    const gateway = await serve([{ name: 'it' }]);
    const page = await list(gateway);
    await row(page, 'it').waitFor();
    gateway.put(sampleBuild({ name: 'came', pr: 99 }));
    await page.locator('.row.fresh[data-key="came"]').waitFor();
    expect(await page.locator('.row.fresh').count()).toBe(1);
  });
});

describe('With the keyboard', () => {
  it('rows are walked through by arrows, started by s and opened by Enter', async () => {
    // The page that is opened asks for a log that the sample has not.
    browser.expectTrouble(/init-log/);
    const gateway = await serve([
      { name: 'one', targetBranch: '18.0', pr: 0, phase: 'Started' },
      { name: 'two', targetBranch: '18.0', pr: 5, phase: 'Stopped' },
      { name: 'three', repo: 'oca/zoo', targetBranch: '18.0', pr: 0, phase: 'Stopped' },
    ]);
    const page = await list(gateway);
    await row(page, 'three').waitFor();
    const focused = () =>
      page.evaluate<string | null>('document.activeElement.closest(".row")?.dataset.key ?? null');
    await page.keyboard.press('/');
    for (const name of ['one', 'two', 'three']) {
      await page.keyboard.press('ArrowDown');
      await waitFor(async () => (await focused()) === name);
    }
    await page.keyboard.press('ArrowUp');
    await waitFor(async () => (await focused()) === 'two');
    await page.keyboard.press('s');
    await row(page, 'two').getByText('starting').waitFor();
    expect(await focused()).toBe('two');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/webui/build.html?name=two');
  });

  it('the focus stays in its row when the button that had it is gone, and while the list is scrolled', async () => {
    const gateway = await serve(
      Array.from({ length: 200 }, (_none, index) => ({ name: `b${index}`, pr: index + 1 })),
    );
    const page = await list(gateway);
    await row(page, 'b199').getByRole('button', { name: 'Start' }).focus();
    await page.keyboard.press('Enter');
    await row(page, 'b199').getByText('starting').waitFor();
    const focused = () =>
      page.evaluate<string | null>('document.activeElement.closest(".row")?.dataset.key ?? null');
    await waitFor(async () => (await focused()) === 'b199');
    await page.evaluate('scrollTo(0, 6000)');
    await row(page, 'b60').waitFor({ state: 'attached' });
    expect(await focused()).toBe('b199');
    await page.keyboard.press('ArrowDown');
    await waitFor(async () => (await focused()) === 'b198');
    expect(await row(page, 'b198').isVisible()).toBe(true);
  });
});

describe('10 000 builds', () => {
  it('are all there, and only those in sight are drawn', async () => {
    const gateway = new SampleGateway();
    for (const build of manyBuilds(10_000, Date.now())) gateway.put(build);
    running.push(gateway);
    const page = await list(await gateway.start());
    await page.getByText('10,000 builds').waitFor({ timeout: 60_000 });
    expect(await page.locator('.row').count()).toBeLessThan(80);
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    const last = page.locator('.row').last();
    await waitFor(async () => {
      const [size, position] = [
        await last.getAttribute('aria-setsize'),
        await last.getAttribute('aria-posinset'),
      ];
      return size === position && Number(size) > 10_000;
    });
    expect(await last.isVisible()).toBe(true);
    expect(await page.locator('.row').count()).toBeLessThan(80);
    await page.getByRole('searchbox').fill('project-07 #300');
    await page.getByText('of 10,000 builds').waitFor();
    expect(await page.locator('.row.build').count()).toBeLessThan(10);
  });
});

describe('Without a connection', () => {
  it('what was known stays, with its age, and goes on when the gateway is back', async () => {
    browser.expectTrouble(/ERR_|Failed to load/);
    const gateway = await serve([{ name: 'it', phase: 'Stopped' }]);
    const { port } = new URL(gateway.address);
    const page = await list(gateway);
    await row(page, 'it').waitFor();
    await gateway.stop();
    await page.getByText(/Offline\. This is how things were/).waitFor();
    expect(await row(page, 'it').isVisible()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'builds-offline');
    await row(page, 'it').getByRole('button', { name: 'Start' }).click();
    await row(page, 'it').getByText('The gateway cannot be reached').waitFor();
    // Nothing goes away under the pointer.
    await page.mouse.move(0, 0);
    await serve([{ name: 'other', phase: 'Started' }], { port: Number(port) });
    await row(page, 'other').waitFor();
    await row(page, 'it').waitFor({ state: 'detached' });
    await page.getByText(/Offline/).waitFor({ state: 'detached' });
  });
});
