import { isWrite } from "../../schemas/events/k8s-audit/request.ts";
import type { EventOn } from "./contracts.ts";
import { autoNodeRole, type Site } from "./site.ts";

type Impersonating = EventOn<"impersonation">;

/** The component in a name such as `eks-auto:coredns`. Names are compared in full: with another case RBAC takes it for somebody else. */
export const componentOf = (target: string): string | undefined =>
  /^eks-(?:auto|runtime|managed):(.+)$/s.exec(target)?.[1];

/** What no component of a node does (B-21 a to c; eks-auto-mode.md §2.1, invariants). Nothing for a real node in a component's own shape. */
export function oddities({ actor, facets }: Impersonating): string[] {
  const { granted, groups, uid, extra } = facets.impersonation;
  const { kind, instanceId, sessionName } = actor;
  const added = groups.filter((group) => group !== "system:authenticated");
  return [
    ...(kind === "node" ? [] : [`the impersonator is ${kind}, not a node`]),
    ...(kind === "node" && instanceId === undefined ? ["the node's name is no instance id"] : []),
    ...(instanceId !== undefined && sessionName !== undefined && sessionName !== instanceId
      ? [`the node's IAM session is named ${sessionName}`]
      : []),
    ...(kind === "node" && !actor.groups.includes("system:nodes") ? ["the node is not in group system:nodes"] : []),
    ...(facets.unprovenNode === undefined ? [] : ["no trace of IAM on the node's identity"]),
    ...(granted && added.length > 0 ? [`with the groups ${added.join(", ")}`] : []),
    ...(granted && uid !== undefined ? ["with a uid"] : []),
    ...(granted && extra.length > 0 ? [`with extra keys ${extra.join(", ")}`] : []),
  ];
}

/** The role of a node that is none of Auto Mode's, where the site says which are: any role with an entry of type EC2 makes nodes. */
export function foreignRole({ actor: { kind, roleArn } }: Impersonating, site: Site): string | undefined {
  const known = kind !== "node" || site.nodeRoles.size === 0 || autoNodeRole(site, roleArn) !== undefined;
  return known ? undefined : roleArn;
}

const DISCOVERY = /^\/(?:api|apis|openapi|version|livez|readyz|healthz)(?:\/|$)/;
const HANDS_ON: ReadonlySet<string> = new Set([
  "exec",
  "attach",
  "portforward",
  "proxy",
  "token",
  "ephemeralcontainers",
]);

/** Asks what the API offers: every client does, before anything else. */
export const isDiscovery = ({ object, path, verb }: Impersonating): boolean =>
  verb === "get" && object.resource === "" && DISCOVERY.test(path);

/** Reaches into a running workload or mints its token: neither a GitOps tool nor a component of a node does. */
export const isHandsOn = ({ object }: Impersonating): boolean => HANDS_ON.has(object.subresource);

const WORKLOADS: ReadonlySet<string> = new Set(["apps", "batch"]);

/** What no component needs, whatever its envelope (eks-auto-mode.md §2.1). */
export function needless(request: Impersonating): boolean {
  const { resource, group } = request.object;
  const workload = WORKLOADS.has(group) || (group === "" && resource === "pods");
  return (
    (group === "" && resource === "secrets") ||
    group === "rbac.authorization.k8s.io" ||
    isHandsOn(request) ||
    (workload && isWrite(request))
  );
}
