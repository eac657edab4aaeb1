import type { AwsBase, AwsFacetRule } from "./call.ts";
import { ec2Call, instanceAccess } from "./facets/ec2.ts";
import { accessEntry, clusterConfig, identityProvider, podIdentityAssociation } from "./facets/eks.ts";
import {
  iamWrite,
  instanceSession,
  podIdentityExchange,
  roleSession,
  stsIssue,
  webIdentity,
} from "./facets/identity.ts";
import { logChange } from "./facets/logging.ts";

/** Every facet of a CloudTrail record. A record has as many as apply. */
export const awsFacets = {
  accessEntry,
  clusterConfig,
  ec2Call,
  iamWrite,
  identityProvider,
  instanceAccess,
  instanceSession,
  logChange,
  podIdentityAssociation,
  podIdentityExchange,
  roleSession,
  stsIssue,
  webIdentity,
} as const;

type Rules = typeof awsFacets;
type FacetOf<R> = R extends AwsFacetRule<infer F> ? F : never;
export type AwsFacets = { readonly [K in keyof Rules]?: FacetOf<Rules[K]> };

export interface AwsCall extends AwsBase {
  readonly facets: AwsFacets;
}

const rules = Object.entries(awsFacets) as [keyof Rules, AwsFacetRule<unknown>][];

export function awsFacetsOf(call: AwsBase): AwsFacets {
  const found: Record<string, unknown> = {};
  for (const [name, rule] of rules) {
    const facet = rule.find(call);
    if (facet !== undefined) found[name] = facet;
  }
  return found;
}
