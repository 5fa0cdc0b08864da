import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { operatorRules } from '../../../operator/rights.js';
import { createAccount } from '../../support/account.js';
import { createNamespace, deleteNamespace } from '../../support/cluster.js';
import { type RunningOperator, startOperator } from '../../support/operator.js';
import { changedBundle } from './bad-input-support.js';

/**
 * A namespace with an operator for the tests of a file, whose account has the rights that `resourceTypes` ask for and
 * no other; `bundle` is the name of the bundle `scripted` with these resources added. Gives the namespace's name.
 */
export function useExactRights(resourceTypes: readonly string[], bundle: string, resources: string): string {
  const namespace = `test-${randomBytes(5).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'runboat-exact-rights-'));
  let operator: RunningOperator | undefined;
  beforeAll(async () => {
    await createNamespace(namespace);
    const kubeconfig = join(folder, 'kubeconfig');
    await createAccount(namespace, 'operator', operatorRules(resourceTypes), kubeconfig);
    const changed = changedBundle(bundle, ({ addResource }) => addResource(resources));
    const config = { resourceTypes, bundles: { [bundle]: changed.folder } };
    operator = await startOperator({ namespace, kubeconfig, config });
  });
  afterAll(async () => {
    await operator?.stop();
    await deleteNamespace(namespace);
    rmSync(folder, { recursive: true });
  });
  return namespace;
}
