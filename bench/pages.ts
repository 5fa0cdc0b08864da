import { performance } from 'node:perf_hooks';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../test/support/chromium.js';
import { manyBuilds } from '../test/support/sample-builds.js';
import { SampleGateway } from '../test/support/sample-gateway.js';
import { waitFor } from '../test/support/wait-for.js';

// The pages in headless Chromium: what a first view loads, when it can be used, how the list of 10 000 builds scrolls,
// and how long an event takes to be seen. Prints one JSON line.

const FEW = 250;
const MANY = 10_000;
const RUNS = 3;
const CHANGES = 20;
const SCROLL_SECONDS = 4;

const few = await serve(FEW);
const many = await serve(MANY);
const browser = await launchChromium();
try {
  const pages = ['/', '/webui/builds.html', '/webui/build.html?name=none'];
  const kilobytes: number[] = [];
  for (const path of pages) kilobytes.push(await firstViewKilobytes(few.address + path));
  const usable = await usableMs(few.address);
  const usableMany = await usableMs(many.address);
  const list = await openList(browser, many.address);
  const scrolled = await scroll(list);
  const quiet = await eventDelays(list, many);
  console.log(
    JSON.stringify({
      benchmark: 'pages',
      firstViewKilobytes: Math.max(...kilobytes),
      builds: FEW,
      msUsable: usable,
      manyBuilds: MANY,
      msUsableMany: usableMany,
      framesPerSecond: scrolled.perSecond,
      msLongestFrame: scrolled.longest,
      msCpuFrame: scrolled.cpu,
      msEventP50: quiet[Math.floor(quiet.length / 2)],
      msEventMax: quiet.at(-1),
    }),
  );
} finally {
  await browser.close();
  await Promise.all([few.stop(), many.stop()]);
}

async function serve(count: number): Promise<SampleGateway> {
  const gateway = new SampleGateway();
  for (const build of manyBuilds(count, Date.now())) gateway.put(build);
  return await gateway.start();
}

/** Scripts and styles as they come over the wire, without a cache. */
async function firstViewKilobytes(address: string): Promise<number> {
  const page = await browser.newPage();
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (!['script', 'stylesheet'].includes(request.resourceType())) return;
    sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  await page.goto(address, { waitUntil: 'load' });
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await page.close();
  return Math.round(bytes / 102.4) / 10;
}

/** From the call of the address until the list is complete and a row of it can be clicked; the median. */
async function usableMs(address: string): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const begun = performance.now();
    await page.goto(`${address}/webui/builds.html`, { waitUntil: 'commit' });
    await page.locator('.list-head p:has-text("builds")').waitFor();
    await page.locator('.row.build .row-main').first().click({ trial: true });
    times.push(performance.now() - begun);
    await context.close();
  }
  return Math.round(times.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!);
}

async function openList(from: Browser, address: string): Promise<Page> {
  const page = await from.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${address}/webui/builds.html`);
  await page.locator('.list-head p:has-text("builds")').waitFor();
  return page;
}

/** Frames while the list is scrolled fast and without a pause, so that each frame has other rows. */
async function scroll(page: Page): Promise<{ perSecond: number; longest: number; cpu: number }> {
  const before = await rendererSeconds();
  const frames = await page.evaluate<number[]>(`new Promise((resolve) => {
    const times = [];
    const step = (time) => {
      times.push(time);
      scrollBy(0, 180);
      if (time - times[0] < ${SCROLL_SECONDS * 1000}) requestAnimationFrame(step);
      else resolve(times);
    };
    requestAnimationFrame(step);
  })`);
  const cpu = ((await rendererSeconds()) - before) * 1000;
  const gaps = frames.slice(1).map((time, index) => time - frames[index]!);
  const seconds = (frames.at(-1)! - frames[0]!) / 1000;
  return {
    perSecond: Math.round(gaps.length / seconds),
    longest: Math.round(Math.max(...gaps)),
    cpu: Math.round((cpu / gaps.length) * 10) / 10,
  };
}

/** CPU time of the processes that run pages, which a loaded machine does not change. */
async function rendererSeconds(): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** From a change in the gateway until its row is another, milliseconds, ascending. */
async function eventDelays(page: Page, gateway: SampleGateway): Promise<number[]> {
  await page.evaluate('scrollTo(0, 0)');
  await page.locator('.row.build').first().waitFor();
  const name = await page.locator('.row.build:has([data-state="stopped"])').first().getAttribute('data-key');
  await page.evaluate(`(() => {
    const row = document.querySelector('[data-key="${name}"]');
    window.seen = [];
    new MutationObserver(() => window.seen.push(Date.now())).observe(row, {
      subtree: true, attributes: true, attributeFilter: ['data-state'],
    });
  })()`);
  const sent: number[] = [];
  for (let change = 0; change < CHANGES; change++) {
    sent.push(Date.now());
    gateway.change(name!, { phase: change % 2 === 0 ? 'Starting' : 'Stopped' });
    await waitFor(async () => (await page.evaluate<number>('window.seen.length')) > change, {
      intervalMs: 20,
    });
  }
  const seen = await page.evaluate<number[]>('window.seen');
  return sent.map((at, index) => seen[index]! - at).sort((a, b) => a - b);
}
