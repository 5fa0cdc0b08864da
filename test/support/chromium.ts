// The system's Chromium, for tests and pictures of the pages. Nothing here needs Jest.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Starts it without a window. Throws a sentence that says what to install when there is none. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: findChromium(),
    // Its sandbox does not work for root, and what is shown here is our own.
    chromiumSandbox: process.getuid?.() !== 0,
  });
}

/** RUNBOAT_CHROMIUM, else the first of the usual names that is in PATH. */
function findChromium(): string {
  const given = process.env['RUNBOAT_CHROMIUM'];
  if (given) return given;
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const found = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    'Chromium is needed to test the pages: install the package chromium (Debian), or name one in RUNBOAT_CHROMIUM.',
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
