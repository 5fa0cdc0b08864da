import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Work } from '../../../operator/act/context.js';
import { bundleOf } from '../../../operator/act/modes.js';
import { NotYet } from '../../../operator/cluster/apply.js';
import { BundleStore } from '../../../operator/render/bundle-store.js';
import { BuildRefused, type BuildSettings } from '../../../operator/settings.js';
import { repositoryRoot } from '../../cluster/paths.js';

const odoo = path.join(repositoryRoot, 'kubefiles/odoo');
const small = path.join(repositoryRoot, 'kubefiles/webpage');
const bundleNamed = (bundles: BundleStore, kubefiles: string) =>
  bundleOf({ services: { bundles } } as Work, { kubefiles } as BuildSettings);

describe('a bundle that new settings have just brought', () => {
  it('is waited for until it is read, and no build is refused for it', async () => {
    const bundles = new BundleStore({ odoo });
    await bundles.refresh();
    bundles.setFolders({ odoo, other: small });
    expect(() => bundleNamed(bundles, 'other')).toThrow(NotYet);
    expect(bundleNamed(bundles, 'odoo').name).toBe('odoo');
    await bundles.refresh();
    expect(bundleNamed(bundles, 'other').name).toBe('other');
    expect(() => bundleNamed(bundles, 'third')).toThrow(BuildRefused);
  });

  it('is not the one that had its name before', async () => {
    const bundles = new BundleStore({ one: odoo });
    await bundles.refresh();
    const former = bundleNamed(bundles, 'one');
    const reading = bundles.refresh();
    bundles.setFolders({ one: small });
    await reading;
    expect(() => bundleNamed(bundles, 'one')).toThrow(NotYet);
    await bundles.refresh();
    expect(bundleNamed(bundles, 'one').version).not.toBe(former.version);
  });

  it('is missing once it was looked for in vain', async () => {
    const bundles = new BundleStore({});
    bundles.setFolders({ gone: path.join(repositoryRoot, 'kubefiles/gone') });
    await bundles.refresh();
    expect(() => bundleNamed(bundles, 'gone')).toThrow(/has no bundle/);
  });
});
