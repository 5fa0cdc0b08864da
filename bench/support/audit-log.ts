import { readAudit } from '../../test/chaos/audit.js';

export interface Requests {
  /** Writes that were carried out, without those of the Lease. */
  readonly writes: number;
  /** Writes of the Lease: grants and renewals. */
  readonly leaseWrites: number;
  /** Writes that were refused, such as conflicts. */
  readonly refused: number;
  /** Reads, without watches. */
  readonly reads: number;
  /** `verb resource status`, to its count. */
  readonly kinds: Readonly<Record<string, number>>;
}

const readVerbs = new Set(['get', 'list']);

/** What one client, known by its user agent, asked in a namespace since a position of the API server's audit log. */
export function countRequests(
  file: string,
  from: number,
  client: { userAgent: string; namespace: string },
): Requests {
  const kinds: Record<string, number> = {};
  const counts = { writes: 0, leaseWrites: 0, refused: 0, reads: 0 };
  for (const { verb, userAgent, objectRef, responseStatus } of readAudit(file, from)) {
    if (verb === 'watch' || userAgent !== client.userAgent || objectRef?.namespace !== client.namespace)
      continue;
    const refused = (responseStatus?.code ?? 500) >= 300;
    if (readVerbs.has(verb)) counts.reads++;
    else if (refused) counts.refused++;
    else if (objectRef.resource === 'leases') counts.leaseWrites++;
    else counts.writes++;
    const { subresource } = objectRef as { subresource?: string };
    const kind = `${verb} ${objectRef.resource}${subresource ? `/${subresource}` : ''} ${responseStatus?.code}`;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return { ...counts, kinds };
}
