import { apply, getResource, kubectl, waitFor } from './cluster.js';

type Amounts = Readonly<Record<string, string>>;

/** A quota of the namespace, called `tight`, in force when this resolves. */
export async function setQuota(namespace: string, hard: Amounts): Promise<void> {
  await apply(namespace, quota(hard));
  const wanted = JSON.stringify(hard);
  const isInForce = async () =>
    JSON.stringify((await getResource(namespace, 'resourcequota', 'tight')).status?.hard) === wanted;
  await waitFor(isInForce, { describe: `quota ${wanted} to be in force` });
}

/**
 * The same for custom resources, of which there are none yet. The controller of quotas hears of new kinds only now and
 * then, so this says in its place that nothing is used; admission goes on from there.
 */
export async function setQuotaOfUnused(namespace: string, hard: Amounts): Promise<void> {
  await setQuota(namespace, hard);
  const used = Object.fromEntries(Object.keys(hard).map((key) => [key, '0']));
  const status = JSON.stringify({ status: { hard, used } });
  const where = ['resourcequota', 'tight', '-n', namespace, '--subresource=status'];
  await kubectl(['patch', ...where, '--type=merge', '-p', status]);
}

export async function liftQuota(namespace: string): Promise<void> {
  await kubectl(['delete', 'resourcequota', 'tight', '-n', namespace]);
}

function quota(hard: Amounts): object {
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'tight' }, spec: { hard } };
}
