import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { repositoryRoot } from '../cluster/paths.js';
import { launchChromium } from '../support/chromium.js';

// A loaded machine takes its time to draw.
jest.setTimeout(90_000);

/** Where pictures go, for people to look at. */
export const screenshotFolder = path.join(repositoryRoot, 'test-output', 'screenshots');

export interface OpenOptions extends BrowserContextOptions {
  /** A phone's width and touch instead of a desk's. */
  readonly phone?: boolean;
}

export interface TestBrowser {
  /** Opens an address in a browser of its own. What goes wrong in the page fails the test, see `expectTrouble`. */
  open(address: string, options?: OpenOptions): Promise<Page>;
  /** The console may show errors that match, such as requests that fail on purpose. */
  expectTrouble(pattern: RegExp): void;
}

const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
const DESK: BrowserContextOptions = { viewport: { width: 1280, height: 860 } };

/** A Chromium for the tests of a file. Each test begins without cookies or storage. */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  const contexts: BrowserContext[] = [];
  const troubles: string[] = [];
  let expected: RegExp | undefined;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    const unexpected = troubles.splice(0).filter((trouble) => !expected?.test(trouble));
    expected = undefined;
    expect(unexpected).toEqual([]);
  });
  const open = async (address: string, { phone, ...options }: OpenOptions = {}) => {
    const context = await browser!.newContext({
      ...(phone ? PHONE : DESK),
      timezoneId: 'Europe/Brussels',
      ...options,
    });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => troubles.push(`error: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') troubles.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('dialog', (dialog) => troubles.push(`dialog: ${dialog.message()}`));
    await page.goto(address);
    return page;
  };
  return {
    open,
    expectTrouble: (pattern) => {
      expected = pattern;
    },
  };
}

/** Keeps a picture of what is seen now. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(screenshotFolder, { recursive: true });
  await page.screenshot({ path: path.join(screenshotFolder, `${name}.png`), animations: 'disabled' });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeViolation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe finds that is serious or critical, in light and in dark; one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const findings: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // Not as a script of the page, which its policy forbids.
    await page.evaluate(axeSource);
    const violations = await page.evaluate<AxeViolation[]>('axe.run().then(({ violations }) => violations)');
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      for (const node of nodes) findings.push(`${colorScheme} ${id}: ${node.html} ${node.failureSummary}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  return findings;
}
