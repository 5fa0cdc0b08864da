// `make test`: every check and test in order, all of them even if one fails, then a summary.
import { mkdirSync, rmSync } from 'node:fs';
import { check, outputFolder, summarize, tests } from './test-steps.js';

rmSync(outputFolder, { recursive: true, force: true });
mkdirSync(outputFolder, { recursive: true });
const outcomes = [
  check('Formatting and lint', 'lint'),
  check('Types and walls', 'build'),
  check('Generated files', 'generated'),
  tests('Unit tests', 'unit'),
  tests('Integration tests', 'integration'),
  tests('Pages in a browser', 'browser'),
  tests('Fault campaign', 'chaos'),
];
summarize(outcomes);
