import { inRanges } from "../../schemas/address.ts";
import { roleOf } from "../../schemas/arn.ts";
import type { SiteConfig } from "../../schemas/config/config.ts";

/** What the deployment declares of itself, with the defaults in place; every detector gets it beside its own parameters. */
export interface Site {
  readonly nodeRoles: ReadonlySet<string>;
  readonly clusterRoles: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
  readonly proxies: readonly string[];
  readonly gitOps: ReadonlySet<string>;
  readonly support: ReadonlySet<string>;
  readonly egress: readonly string[];
}

/** Service accounts under which the common GitOps tools apply what is in a repository, as they install themselves. */
const GITOPS = [
  "system:serviceaccount:argocd:argocd-application-controller",
  "system:serviceaccount:flux-system:kustomize-controller",
  "system:serviceaccount:flux-system:helm-controller",
];

export function siteOf(config: SiteConfig): Site {
  return {
    nodeRoles: new Set(config.auto?.nodeRoles ?? []),
    clusterRoles: new Set(config.auto?.clusterRoles ?? []),
    resources: new Set(config.auto?.resources ?? []),
    proxies: config.proxies ?? [],
    gitOps: new Set([...GITOPS, ...(config.gitOps ?? [])]),
    support: new Set(config.support ?? []),
    egress: config.egress ?? [],
  };
}

/** How well a role is known to be Auto Mode's: declared by the configuration, of the name that EKS proposes, or not known. */
export type AutoRole = "declared" | "default name" | undefined;

/** Names that the console and the documentation propose, with the suffixes that tools append. */
const DEFAULT_NODE = /^AmazonEKSAutoNodeRole(?:[-_].*)?$|^.*-?eks-auto-\d{10,}$/;
const DEFAULT_CLUSTER = /^AmazonEKSAutoClusterRole(?:[-_].*)?$/;

function known(declared: ReadonlySet<string>, pattern: RegExp, role: string | undefined): AutoRole {
  if (role === undefined || role === "") return undefined;
  const name = roleOf(role)?.name ?? role;
  if (
    declared.has(role) ||
    declared.has(name) ||
    [...declared].some((entry) => entry === name || roleOf(entry)?.name === name)
  )
    return "declared";
  return pattern.test(name) ? "default name" : undefined;
}

/** `role`: an ARN or a name. */
export const autoNodeRole = (site: Site, role: string | undefined): AutoRole =>
  known(site.nodeRoles, DEFAULT_NODE, role);
export const autoClusterRole = (site: Site, role: string | undefined): AutoRole =>
  known(site.clusterRoles, DEFAULT_CLUSTER, role);

export const isProxy = (site: Site, address: string | undefined): boolean => inRanges(address, site.proxies);
