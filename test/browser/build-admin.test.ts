import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ADMIN } from '../support/gateway.js';
import { keepPicture, seriousFindings, useBrowser } from './browser.js';
import { button, pageOf, shows, useWorld } from './world.js';

const browser = useBrowser();
const world = useWorld();

describe('An administrator', () => {
  it('signs in without a box of the browser, undeploys, builds again and signs out', async () => {
    await world.create('managed', { pr: 15 }, { initRun: 'complete' });
    await world.untilStatus('managed', 'stopped');
    // The build that is made again has its pod on a node without logs.
    browser.expectTrouble(/401|404|502/);
    const page = await browser.open(pageOf(world, 'managed'));
    const boxes = await watchBoxes(page);
    await shows(page, 'stopped');
    expect(await button(page, 'Undeploy').count()).toBe(0);

    await signIn(page, 'wrong');
    await page.getByText('The user name or the password is wrong.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-sign-in');
    await page.getByLabel('Password').fill(ADMIN.password);
    await page.keyboard.press('Enter');
    await button(page, 'Sign out').waitFor();
    await page.reload();
    await button(page, 'Undeploy').click();
    await page.getByText('The commit can be built again.').waitFor();
    await keepPicture(page, 'build-undeploy');
    await page.locator('[data-confirm]').click();

    await page.getByRole('heading', { name: 'This build is gone' }).waitFor();
    await page.getByText('It was undeployed, by somebody').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-gone');
    await button(page, 'Build this commit again').click();
    await page.waitForURL(/name=oca-mis-builder/);
    await page.locator('.build-state .state').waitFor();

    await button(page, 'Sign out').click();
    await button(page, 'Sign in').waitFor();
    expect(await button(page, 'Undeploy').count()).toBe(0);
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    expect(boxes.count).toBe(0);
    await page.evaluate(
      "fetch('/api/v1/builds/managed', {method: 'DELETE', credentials: 'include'}).catch(() => 0)",
    );
    expect(boxes.count).toBe(1);
  });

  it('is told of a build that was seen here once, and nobody of one that never was', async () => {
    await world.create('passing', { pr: 16 }, { initRun: 'complete' });
    // Its log is cut short when it is still followed as the pod goes.
    browser.expectTrouble(/404|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    const page = await browser.open(pageOf(world, 'passing'));
    await page.locator('.build-state .state').waitFor();
    const authorization = `Basic ${btoa(`${ADMIN.user}:${ADMIN.password}`)}`;
    await fetch(`${world.address}/api/v1/builds/passing`, { method: 'DELETE', headers: { authorization } });
    await world.untilStatus('passing', '404');
    await page.goto(`${world.address}/builds/passing?live`);
    await page.getByRole('heading', { name: 'This build is gone' }).waitFor();
    expect(await button(page, 'Build this commit again').count()).toBe(0);
    await page.goto(pageOf(world, 'never-was'));
    await page.getByRole('heading', { name: 'No such build' }).waitFor();
    await page.getByRole('link', { name: 'All builds' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'build-never');
  });
});

async function signIn(page: Page, password: string): Promise<void> {
  await button(page, 'Sign in').first().click();
  await page.getByLabel('User name').fill(ADMIN.user);
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
}

/** Counts how often the browser would ask for credentials in a box of its own. */
async function watchBoxes(page: Page): Promise<{ count: number }> {
  const boxes = { count: 0 };
  const session = await page.context().newCDPSession(page);
  await session.send('Fetch.enable', { handleAuthRequests: true });
  session.on('Fetch.requestPaused', ({ requestId }) => session.send('Fetch.continueRequest', { requestId }));
  session.on('Fetch.authRequired', ({ requestId }) => {
    boxes.count++;
    return session.send('Fetch.continueWithAuth', {
      requestId,
      authChallengeResponse: { response: 'CancelAuth' },
    });
  });
  return boxes;
}
