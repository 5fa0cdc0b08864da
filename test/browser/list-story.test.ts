import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { basic, type RunningGateway, startGateway } from '../support/gateway-process.js';
import { createBuild, useOperator } from '../support/operator.js';
import { keepPicture, useBrowser } from './browser.js';

const browser = useBrowser();
const limits = { initializing: 1, started: 1 };
const bed = useOperator({ limits });
const footerHtml =
  '<p id="ours" style="color: rgb(1, 2, 3)">Ours</p><script>document.title = "taken"</script><img src="x" onerror="document.title = \'taken\'">';
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ namespace: bed.namespace, config: { footerHtml, limits } });
});
afterAll(() => gateway?.stop());

describe('Whoever has the list open', () => {
  it('sees builds come, wait and be initialised, with operator and gateway at work', async () => {
    // The footer of this gateway tries what is forbidden.
    browser.expectTrouble(/Content Security Policy|404/);
    const page = await browser.open(`${gateway.address}/webui/builds.html`);
    await page.getByRole('heading', { name: 'No builds yet' }).waitFor();
    await createBuild(bed.namespace, { name: 'first', vars: { initRun: 'hang' } });
    const first = page.locator('[data-key="first"]');
    await first.getByText('initialising').waitFor();
    await createBuild(bed.namespace, { name: 'second', vars: {} });
    const second = page.locator('[data-key="second"]');
    await second.getByText('waiting place 1').waitFor();
    await keepPicture(page, 'story-list-waiting');

    const front = await page.context().newPage();
    await front.goto(gateway.address);
    await front.getByRole('link', { name: /Initialising 1 of 1/ }).waitFor();
    await keepPicture(front, 'story-front');
    await front.close();
  });

  it('starts a build that is stopped, can open it then, and stops it', async () => {
    browser.expectTrouble(/Content Security Policy|404/);
    const page = await browser.open(`${gateway.address}/webui/builds.html`);
    const second = page.locator('[data-key="second"]');
    // What hangs is out of the way when it is gone.
    await (await fetchDelete('first')).text();
    await second.getByText('stopped').waitFor();
    await second.getByRole('button', { name: 'Start' }).click();
    await second.getByRole('link', { name: 'Open' }).waitFor();
    expect(await second.getByRole('link', { name: 'Mail' }).isVisible()).toBe(true);
    await keepPicture(page, 'story-list-started');
    await second.getByRole('button', { name: 'Stop' }).click();
    await second.getByRole('button', { name: 'Start' }).waitFor();
  });

  it('sees the footer of the administrator with its style, and nothing in it runs', async () => {
    browser.expectTrouble(/Content Security Policy|404/);
    const page = await browser.open(gateway.address);
    await page.getByText('Running now').waitFor();
    const colour = await page.evaluate<string>('getComputedStyle(document.querySelector("#ours")).color');
    expect(colour).toBe('rgb(1, 2, 3)');
    expect(await page.title()).not.toBe('taken');
  });
});

function fetchDelete(name: string): Promise<Response> {
  return fetch(`${gateway.address}/api/v1/builds/${name}`, {
    method: 'DELETE',
    headers: { authorization: basic() },
  });
}
