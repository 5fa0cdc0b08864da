import { FIELD_MANAGER } from '../../crds/constants.js';

/** An entry of `metadata.managedFields`. */
export interface ManagedFields {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: FieldSet;
  subresource?: string;
}

type FieldSet = { [key: string]: FieldSet };

const CLIENT_SIDE_APPLY = 'kubectl-client-side-apply';
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Who writes to the objects of builds without being a person or a program that manages them. */
const CONTROLLERS = new Set(['kube-controller-manager', 'kubelet', 'kube-scheduler', 'kwok', FIELD_MANAGER]);

/**
 * Makes what kubectl's client-side apply owns ours, as by server-side apply, so that a later apply can also
 * remove such fields. The same as `csaupgrade` of client-go. Undefined when there is nothing to take over. With
 * `keepSpec` the spec belongs to nobody afterwards, so that what later applies leave out of it stays.
 */
export function takeOver(
  entries: readonly ManagedFields[],
  { keepSpec = false }: { keepSpec?: boolean } = {},
): ManagedFields[] | undefined {
  const old = entries.filter(isClientSideApply);
  if (old.length === 0) return undefined;
  const ours = entries.find(isOurApply);
  const taken = keepSpec ? old.map(withoutSpec) : old;
  const fields = [ours, ...taken].reduce<FieldSet>((all, entry) => merge(all, entry?.fieldsV1 ?? {}), {});
  delete fields['f:metadata']?.['f:annotations']?.[`f:${LAST_APPLIED}`];
  const [first] = old;
  const apiVersion = ours?.apiVersion ?? first?.apiVersion;
  const entry: ManagedFields = {
    ...(first?.time ? { time: first.time } : {}),
    ...(apiVersion ? { apiVersion } : {}),
    manager: FIELD_MANAGER,
    operation: 'Apply',
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  };
  return [entry, ...entries.filter((other) => !isClientSideApply(other) && !isOurApply(other))];
}

function withoutSpec(entry: ManagedFields): ManagedFields {
  const { 'f:spec': _, ...fieldsV1 } = entry.fieldsV1 ?? {};
  return { ...entry, fieldsV1 };
}

function isClientSideApply({ manager, operation, subresource }: ManagedFields): boolean {
  return manager === CLIENT_SIDE_APPLY && operation === 'Update' && !subresource;
}

function isOurApply({ manager, operation, subresource }: ManagedFields): boolean {
  return manager === FIELD_MANAGER && operation === 'Apply' && !subresource;
}

function merge(a: FieldSet, b: FieldSet): FieldSet {
  const merged: FieldSet = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const there = merged[key];
    merged[key] = there ? merge(there, value) : value;
  }
  return merged;
}

/** The last write by somebody who manages the object, who may be the Python runboat. */
export function lastForeignWrite(
  entries: readonly ManagedFields[],
): { manager: string; time: string } | undefined {
  const foreign = entries.flatMap(({ manager = '', time, subresource }) =>
    time === undefined || subresource === 'status' || CONTROLLERS.has(manager) ? [] : [{ manager, time }],
  );
  return foreign.sort((a, b) => Date.parse(b.time) - Date.parse(a.time))[0];
}
