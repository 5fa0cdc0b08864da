import { describe, expect, it } from '@jest/globals';
import { keepPicture, seriousFindings, useBrowser } from './browser.js';
import { button, pageOf, shows, useWorld } from './world.js';

const browser = useBrowser();
const world = useWorld({ started: 1 });
const asked = 'It starts by itself as soon as it is initialised.';

describe('A build that is to start later', () => {
  it('is asked on one page, seen on another one and after a reload, and taken back there', async () => {
    await world.create('wished', { pr: 21 });
    await world.untilStatus('wished', 'initializing');
    const [mine, other] = [
      await browser.open(pageOf(world, 'wished')),
      await browser.open(pageOf(world, 'wished')),
    ];
    await button(other, 'Start when ready').waitFor();
    await button(mine, 'Start when ready').click();
    await mine.getByText(asked).waitFor();
    await other.getByText(asked).waitFor();
    await mine.reload();
    await mine.getByText(asked).waitFor();
    await keepPicture(mine, 'build-to-start');
    await button(other, 'Do not start').click();
    await button(other, 'Start when ready').waitFor();
    await button(mine, 'Start when ready').waitFor();
    await world.finish('wished');
    await shows(mine, 'stopped');
    await button(mine, 'Start').waitFor();
  });

  it('starts by itself when it is initialised', async () => {
    await world.create('wanted', { pr: 22, keep: true });
    await world.untilStatus('wanted', 'initializing');
    const page = await browser.open(pageOf(world, 'wanted'));
    await button(page, 'Start when ready').click();
    await page.getByText(asked).waitFor();
    await world.finish('wanted');
    await shows(page, 'started');
  });

  it('says that it waits for a free place when all are taken by builds to be kept, and can be taken back', async () => {
    const page = await browser.open(pageOf(world, 'wished'));
    await shows(page, 'stopped');
    await button(page, 'Start').click();
    await page.getByText('It starts by itself when a place is free.').waitFor();
    await button(page, 'Do not start').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-no-place-to-start');
    await page.reload();
    await button(page, 'Do not start').click();
    await button(page, 'Start').waitFor();
    await page.getByText('when a place is free').waitFor({ state: 'detached' });
    await button(page, 'Start').click();
    await button(page, 'Do not start').waitFor();
    const kept = await browser.open(pageOf(world, 'wanted'));
    await button(kept, 'Stop').click();
    await shows(page, 'started');
  });
});
