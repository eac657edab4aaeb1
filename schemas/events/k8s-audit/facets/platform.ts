import { isWrite, type K8sBase, type K8sFacetRule } from "../request.ts";

/** A write to an object of a kind that EKS itself installs in every cluster: the definitions of Auto Mode's resources, admission
 * webhooks, roles and bindings named `eks:`. */
export interface PlatformObject {
  readonly kind: "definition" | "webhook" | "role";
  readonly resource: string;
  /** Empty for a deletecollection, which takes EKS's along with all others. */
  readonly name: string;
}

/** Groups of the resources that Auto Mode works with (eks-auto-mode.md §6): a definition is named `plural.group`. */
const DEFINED = /\.(?:eks\.amazonaws\.com|karpenter\.sh|vpcresources\.k8s\.aws|networking\.k8s\.aws)$/;
const WEBHOOKS: ReadonlySet<string> = new Set(["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]);

export const platformObject: K8sFacetRule<PlatformObject> = {
  trigger: (peeked) =>
    isWrite(peeked) &&
    (peeked.resource === "customresourcedefinitions" ||
      WEBHOOKS.has(peeked.resource) ||
      peeked.group === "rbac.authorization.k8s.io"),
  byObject: true,
  find(request: K8sBase): PlatformObject | undefined {
    const { resource, group, name, subresource } = request.object;
    // The API server itself keeps the status of definitions.
    if (!isWrite(request) || subresource !== "") return undefined;
    if (resource === "customresourcedefinitions")
      return name === "" || DEFINED.test(name) ? { kind: "definition", resource, name } : undefined;
    if (WEBHOOKS.has(resource)) return { kind: "webhook", resource, name };
    const role = group === "rbac.authorization.k8s.io" && (name === "" || name.startsWith("eks:"));
    return role ? { kind: "role", resource, name } : undefined;
  },
};
