import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SampleGateway } from '../support/sample-gateway.js';
import { seriousFindings, useBrowser } from './browser.js';
import { button } from './world.js';

const browser = useBrowser();
const gateway = new SampleGateway();

beforeAll(() => gateway.start());
afterAll(() => gateway.stop());

describe('The form to sign in', () => {
  it('can be opened, filled, left and closed with keys alone', async () => {
    const page = await browser.open(`${gateway.address}/webui/builds.html`);
    const form = page.getByRole('form', { name: 'Sign in' });
    const focused = () =>
      page.evaluate<string>('document.activeElement.name || document.activeElement.textContent');
    await button(page, 'Sign in').focus();
    await page.keyboard.press('Enter');
    await form.waitFor();
    expect(await focused()).toBe('user');
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'hidden' });
    expect(await focused()).toBe('Sign in');

    await page.keyboard.press('Enter');
    await form.waitFor();
    for (const _field of ['password', 'submit', 'page']) await page.keyboard.press('Tab');
    await form.waitFor({ state: 'hidden' });
    expect(await focused()).not.toBe('Sign in');
  });
});
