import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { OTHER_VARIABLES, SETTINGS } from '../../../lib/config/settings.js';
import { renderSettingsReference } from '../../../lib/config/settings-reference.js';

describe('the reference of settings', () => {
  const page = renderSettingsReference();

  it('is up to date in docs/', () => {
    expect(readFileSync('docs/reference/settings.md', 'utf8')).toBe(page);
  });

  it('has a description, and a default where there is one, for every key and variable', () => {
    for (const { key, variable, schema } of SETTINGS) {
      expect(schema.description).toMatch(/\.$/);
      if (schema.environmentOnly !== true) expect(page).toContain(`| \`${key}\` |`);
      expect(page).toContain(`\`${variable}\``);
    }
    for (const { variable } of OTHER_VARIABLES) expect(page).toContain(`| \`${variable}\` |`);
  });

  it('says where RUNBOAT_REPOS has the keys of a rule', () => {
    expect(page).toContain('| `secretEnv` | map | `builds[0].secret_env` |');
    expect(page).toContain('| `kubefiles` | text | `builds[0].kubefiles_path` |');
    expect(page).toContain('| `branch` | text | `branch` |');
  });
});
