import { exec } from "./facets/exec.ts";
import {
  anonymous,
  binding,
  claimedComponent,
  forwarded,
  iamSession,
  oddAuditId,
  reusedAuditId,
  unprovenNode,
  webhookWrite,
} from "./facets/identity.ts";
import { impersonation } from "./facets/impersonation.ts";
import { nodeDeed } from "./facets/node-deed.ts";
import { platformObject } from "./facets/platform.ts";
import { podSpec } from "./facets/pod-spec.ts";
import { nodesProxy, proxy } from "./facets/proxy.ts";
import { token, tokenRemark } from "./facets/token.ts";
import { customResource, endpointWrite, nameGrant, nodeWrite, rbacWrite } from "./facets/writes.ts";
import type { K8sBase, K8sFacetRule } from "./request.ts";

/** Every facet of an audit event. An event has as many as apply: an impersonated exec has `exec` and `impersonation`. */
export const k8sFacets = {
  anonymous,
  binding,
  claimedComponent,
  customResource,
  endpointWrite,
  exec,
  forwarded,
  iamSession,
  impersonation,
  nameGrant,
  nodeDeed,
  nodesProxy,
  nodeWrite,
  oddAuditId,
  platformObject,
  podSpec,
  proxy,
  rbacWrite,
  reusedAuditId,
  token,
  tokenRemark,
  unprovenNode,
  webhookWrite,
} as const;

type Rules = typeof k8sFacets;
type FacetOf<R> = R extends K8sFacetRule<infer F> ? F : never;
export type K8sFacets = { readonly [K in keyof Rules]?: FacetOf<Rules[K]> };

export interface K8sRequest extends K8sBase {
  readonly facets: K8sFacets;
}

const rules = Object.entries(k8sFacets) as [keyof Rules, K8sFacetRule<unknown>][];

export function k8sFacetsOf(request: K8sBase): K8sFacets {
  const found: Record<string, unknown> = {};
  for (const [name, rule] of rules) {
    const facet = rule.find(request);
    if (facet !== undefined) found[name] = facet;
  }
  return found;
}
