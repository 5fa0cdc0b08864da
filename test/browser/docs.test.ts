import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OPENAPI } from '../../gateway/openapi/document.js';
import { SampleGateway } from '../support/sample-gateway.js';
import { useBrowser } from './browser.js';

const browser = useBrowser();
const gateway = new SampleGateway();

beforeAll(() => gateway.start());
afterAll(() => gateway.stop());

describe('The description of the API', () => {
  it('is shown by files of ours alone, every path of it, and the policy of the page lets it work', async () => {
    const page = await browser.open(`${gateway.address}/docs`);
    await page.locator('.opblock').first().waitFor();
    // Breaks in long paths are spaces of no width.
    const paths = await page.locator('.opblock-summary-path').allTextContents();
    const shown = paths.map((path) => path.replaceAll('\u200b', '').trim());
    expect(new Set(shown)).toEqual(new Set(Object.keys(OPENAPI.paths)));
    const sources = await page.evaluate<string[]>(
      "performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin)",
    );
    expect(new Set(sources)).toEqual(new Set([gateway.address]));
  });
});
