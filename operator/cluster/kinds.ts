import { resourcePath } from '../../lib/kube/paths.js';
import type { AllowedKind, AllowedKinds } from '../render/types.js';

/** A kind of resource as the API server serves it. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The kinds of `resourceTypes`, as this cluster serves them. */
export class KindTable implements AllowedKinds {
  private readonly byGroupKind = new Map<string, ServedKind>();

  constructor(readonly kinds: readonly ServedKind[]) {
    for (const kind of kinds) this.byGroupKind.set(`${kind.group}/${kind.kind}`, kind);
  }

  find(apiVersion: string, kind: string): AllowedKind | undefined {
    return this.byGroupKind.get(`${groupOf(apiVersion)}/${kind}`);
  }

  /** The API path of a resource. Throws for a kind that is not in the table, which rendering refuses before. */
  pathOf(
    resource: { apiVersion: string; kind: string; metadata: { name: string } },
    namespace: string,
  ): string {
    const { apiVersion, kind, metadata } = resource;
    const served = this.byGroupKind.get(`${groupOf(apiVersion)}/${kind}`);
    if (!served) throw new Error(`kind ${kind} of ${apiVersion} is not among the resource types`);
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    return resourcePath({
      group: served.group,
      version,
      plural: served.plural,
      namespace,
      name: metadata.name,
    });
  }

  /** The API path of all objects of a kind in a namespace. */
  collectionOf(served: ServedKind, namespace: string): string {
    const { group, version, plural } = served;
    return resourcePath({ group, version, plural, namespace });
  }
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}
