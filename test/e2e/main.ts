// `make e2e` and `make e2e-odoo`: a story of builds on a real node, if this machine can run one.
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { missingPackages, nodeObstacles } from '../cluster/node/obstacles.js';
import { postgresPrograms } from '../cluster/node/postgres.js';
import { outputFolder, summarize, tests } from '../support/test-steps.js';

/** What the images are made with, and the Debian package that brings it. */
const needs: Record<string, Record<string, string>> = {
  webpage: { busybox: 'busybox-static', curl: 'curl', psql: 'postgresql-client' },
  odoo: { debootstrap: 'debootstrap', curl: 'curl', pip: 'python3-pip' },
};

/** Paths of the tests of each. */
const files: Record<string, string> = {
  webpage: 'test/e2e/(node|webpage|helm-test)',
  odoo: 'test/e2e/odoo',
};

const { values, positionals } = parseArgs({
  // For machines of which nobody knows whether they can: there it is no failure that they cannot.
  options: { 'if-possible': { type: 'boolean' } },
  allowPositionals: true,
});
const story = positionals[0] ?? '';
const obstacles = await obstaclesTo(story);
if (obstacles.length === 0) {
  mkdirSync(outputFolder, { recursive: true });
  summarize([tests(`End to end: ${story}`, 'e2e', files[story])]);
} else if (values['if-possible']) {
  console.log(`Skipped, no real node here: ${obstacles.join(' ')}`);
} else {
  console.error(obstacles.join('\n'));
  process.exitCode = 1;
}

async function obstaclesTo(name: string): Promise<string[]> {
  const needed = needs[name];
  if (needed === undefined)
    throw new Error(`There is no story "${name}", only ${Object.keys(needs).join(', ')}.`);
  const obstacles = await nodeObstacles();
  if (obstacles.length > 0) return obstacles;
  const missing = await missingPackages(needed);
  if (missing.length > 0) obstacles.push(`The test needs the packages ${missing.join(', ')}: install them.`);
  try {
    postgresPrograms();
  } catch (error) {
    obstacles.push((error as Error).message);
  }
  return obstacles;
}
