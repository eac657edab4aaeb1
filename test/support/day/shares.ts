/** What a control plane is asked over and over, in the shares of the benign recordings. */
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";

/** Recordings of clusters going about their work. Those of people and pipelines, of a cluster being set up, and of failures are no noise. */
export const SOURCES = [
  "idle",
  "node-lifecycle",
  "controllers",
  "auto-components",
  "aws-control-plane",
  "addons",
].flatMap((name) => [`benign-${name}`, `benign-${name}-b136`]);

/** verb, resource, whose: as in `kindOf`. */
export type Kind = readonly [verb: string, resource: string, whose: string];

/** Lives that the day tells itself, at its own rates: pods, tokens, what is entered, proxied or kept secret. */
const TOLD =
  /^(?:pods\/(?:exec|attach|portforward|ephemeralcontainers|eviction|binding)|nodes\/proxy|secrets|serviceaccounts\/token)$/;
/** Objects of a cluster that is being set up. */
const SET_UP = /customresourcedefinitions|apiservices|rbac\.authorization|webhookconfigurations|apiextensions/;
const REPEATED = new Set(["get", "list", "watch", "update", "patch"]);

/** The kind of a recorded event; undefined for one that is not said over and over. */
export function kindOf({
  verb,
  user,
  impersonatedUser,
  objectRef,
  stage,
  responseStatus,
  requestURI,
}: AuditEvent): Kind | undefined {
  const { resource = "", apiGroup = "", subresource = "" } = objectRef ?? {};
  const full =
    objectRef === undefined
      ? (requestURI.split("?")[0] ?? "")
      : `${apiGroup && `${apiGroup}/`}${resource}${subresource && `/${subresource}`}`;
  const whose = whoseIs(user?.username ?? "", impersonatedUser?.username ?? undefined);
  const says = REPEATED.has(verb) || (verb === "create" && full === "events.k8s.io/events");
  if (whose === undefined || !says || stage === "RequestReceived" || (responseStatus?.code ?? 0) >= 400)
    return undefined;
  return TOLD.test(full) || SET_UP.test(full) ? undefined : [verb, full, whose];
}

function whoseIs(username: string, impersonated: string | undefined): string | undefined {
  if (username.startsWith("system:node:i-")) return impersonated === undefined ? "node" : "component";
  if (impersonated !== undefined) return undefined;
  if (username.includes(":assumed-role/AWSServiceRoleForAmazonEKS/")) return "operator";
  if (username.startsWith("system:serviceaccount:kube-system:") && username.endsWith("-controller"))
    return "controller";
  return /^(?:system:kube-controller-manager|system:kube-scheduler|system:apiserver|eks:.*)$/.test(username)
    ? "control plane"
    : undefined;
}

/** Rarer kinds are no noise. */
export const SEEN_AT_LEAST = 4;

/** How many events of each kind are in the recordings of `SOURCES`, those that are there four times and more. */
export const SHARES: readonly (readonly [...Kind, seen: number])[] = [
  ["update", "coordination.k8s.io/leases", "control plane", 217],
  ["get", "pods", "node", 108],
  ["patch", "pods/status", "node", 100],
  ["watch", "configmaps", "node", 87],
  ["update", "coordination.k8s.io/leases", "node", 54],
  ["create", "events.k8s.io/events", "control plane", 42],
  ["update", "apps/deployments/status", "controller", 29],
  ["list", "configmaps", "node", 28],
  ["update", "apps/replicasets/status", "controller", 28],
  ["patch", "nodes/status", "node", 25],
  ["list", "limitranges", "control plane", 21],
  ["update", "apps/statefulsets/status", "controller", 20],
  ["get", "discovery.k8s.io/endpointslices", "control plane", 19],
  ["get", "endpoints", "control plane", 19],
  ["get", "serviceaccounts", "control plane", 18],
  ["get", "/openapi/v3", "control plane", 14],
  ["list", "discovery.k8s.io/endpointslices", "component", 12],
  ["list", "services", "component", 12],
  ["watch", "discovery.k8s.io/endpointslices", "component", 12],
  ["watch", "eks.amazonaws.com/nodediagnostics", "component", 12],
  ["watch", "services", "component", 12],
  ["get", "/apis", "controller", 10],
  ["get", "/api", "controller", 10],
  ["update", "policy/poddisruptionbudgets/status", "controller", 10],
  ["list", "pods", "control plane", 7],
  ["get", "/apis", "control plane", 6],
  ["get", "/api", "control plane", 6],
  ["get", "storage.k8s.io/csinodes", "component", 6],
  ["list", "eks.amazonaws.com/nodediagnostics", "component", 6],
  ["list", "namespaces", "component", 6],
  ["list", "networking.k8s.aws/policyendpoints", "component", 6],
  ["list", "nodes", "component", 6],
  ["list", "pods", "component", 6],
  ["list", "storage.k8s.io/volumeattachments", "component", 6],
  ["patch", "nodes", "component", 6],
  ["patch", "nodes", "controller", 6],
  ["patch", "nodes", "operator", 6],
  ["update", "discovery.k8s.io/endpointslices", "controller", 6],
  ["watch", "argoproj.io/applications", "control plane", 6],
  ["watch", "eks.amazonaws.com/cninodes", "control plane", 6],
  ["watch", "eks.amazonaws.com/ingressclassparams", "control plane", 6],
  ["watch", "eks.amazonaws.com/nodeclasses", "control plane", 6],
  ["watch", "eks.amazonaws.com/nodediagnostics", "control plane", 6],
  ["watch", "eks.amazonaws.com/targetgroupbindings", "control plane", 6],
  ["watch", "karpenter.sh/nodeclaims", "control plane", 6],
  ["watch", "karpenter.sh/nodepools", "control plane", 6],
  ["watch", "networking.k8s.aws/policyendpoints", "control plane", 6],
  ["watch", "node.k8s.io/runtimeclasses", "node", 6],
  ["watch", "nodes", "node", 6],
  ["watch", "pods", "node", 6],
  ["watch", "services", "node", 6],
  ["watch", "storage.k8s.io/csidrivers", "node", 6],
  ["watch", "vpcresources.k8s.aws/cninodes", "control plane", 6],
  ["update", "apps/daemonsets/status", "controller", 5],
  ["get", "namespaces", "controller", 4],
  ["get", "nodes", "controller", 4],
  ["list", "pods", "controller", 4],
  ["update", "apps/replicasets", "controller", 4],
  ["update", "batch/jobs/status", "controller", 4],
  ["update", "endpoints", "controller", 4],
  ["watch", "karpenter.sh/nodeclaims", "operator", 4],
];
