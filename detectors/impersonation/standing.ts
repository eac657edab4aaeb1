import { targetClassOf } from "../../schemas/events/k8s-audit/facets/impersonation.ts";
import { isPrivilegedGroup } from "./privilege.ts";

/** Whose a name is that somebody is given. `component`: Auto Mode's own, with the group of EKS's managed controllers; `aws`: EKS's users;
 * `masters`: the group without any limit. */
export type Standing = "component" | "aws" | "masters" | "control-plane" | "node" | "service-account" | "plain";

const COMPONENT_GROUP = /^(?:eks-auto|eks-runtime|eks-managed):|^eks:managed$/i;
/** Groups that EKS itself gives to nodes (eks-auto-mode.md §2.3). */
const NODE_GROUP = /^(?:system:(?:nodes|bootstrappers|node-proxier)|eks:(?:kube-proxy-windows|node-bootstrapper))$/;

export function standingOf(kind: "user" | "group", name: string): Standing {
  if (kind === "user") {
    const standing = targetClassOf(name);
    return standing === "user" || standing === "unnamed" ? "plain" : standing;
  }
  if (COMPONENT_GROUP.test(name)) return "component";
  if (NODE_GROUP.test(name)) return "node";
  if (name === "system:masters") return "masters";
  if (!isPrivilegedGroup(name)) return "plain";
  return name.startsWith("system:") ? "control-plane" : "aws";
}

const MEANING: Readonly<Record<Standing, string>> = {
  component: "belongs to Auto Mode",
  aws: "belongs to AWS",
  masters: "may do everything",
  "control-plane": "belongs to the control plane",
  node: "belongs to nodes",
  "service-account": "belongs to a workload",
  plain: "is a plain name",
};

export const meaningOf = (name: string, standing: Standing): string => `${name} ${MEANING[standing]}`;
