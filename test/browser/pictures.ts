// `make pictures`: the pictures of the README, of the real pages with made-up builds.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { repositoryRoot } from '../cluster/paths.js';
import { launchChromium } from '../support/chromium.js';
import { sampleBuilds } from '../support/sample-builds.js';
import { SampleGateway } from '../support/sample-gateway.js';

const folder = path.join(repositoryRoot, 'docs/pictures');
const DESK: BrowserContextOptions = { viewport: { width: 1100, height: 640 } };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 640 },
  isMobile: true,
  hasTouch: true,
};

interface Picture {
  readonly name: string;
  readonly address: string;
  /** There when everything is drawn. */
  readonly words: string;
  readonly options: BrowserContextOptions;
}

const PICTURES: readonly Picture[] = [
  { name: 'overview', address: '/', words: 'Running now', options: { ...DESK, colorScheme: 'light' } },
  {
    name: 'builds',
    address: '/webui/builds.html',
    words: '23 builds',
    options: { ...DESK, colorScheme: 'light' },
  },
  {
    name: 'builds-phone',
    address: '/webui/builds.html',
    words: '23 builds',
    options: { ...PHONE, colorScheme: 'light' },
  },
];

const gateway = new SampleGateway();
for (const build of sampleBuilds(Date.now())) gateway.put(build);
await gateway.start({ limits: { initializing: 2, started: 6, deployed: 30 } });
const browser = await launchChromium();
try {
  mkdirSync(folder, { recursive: true });
  for (const picture of PICTURES) console.log(await take(browser, picture));
} finally {
  await browser.close();
  await gateway.stop();
}

/** Gives the file that was written. */
async function take(from: Browser, { name, address, words, options }: Picture): Promise<string> {
  const page = await from.newPage(options);
  await page.goto(gateway.address + address);
  await page.getByText(words).first().waitFor();
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file, animations: 'disabled' });
  await page.close();
  return path.relative(repositoryRoot, file);
}
