import { at, compact, keys, list, text, texts } from "../../../json.ts";
import { patchedParts, pointer, takesFromElsewhere } from "../json-patch.ts";
import { hasBody, isWrite, type K8sBase, type K8sFacetRule } from "../request.ts";

/** A write that points traffic of the cluster at an address: Services, Endpoints, EndpointSlices, Nodes. */
export interface EndpointWrite {
  readonly resource: string;
  /** False at Metadata level (EndpointSlices always, audit-recorded.md 17): the addresses are unknown. */
  readonly body: boolean;
  readonly addresses: readonly { readonly field: string; readonly value: string }[];
}

const ENDPOINTS: ReadonlySet<string> = new Set(["services", "endpoints", "endpointslices", "nodes"]);

export const endpointWrite: K8sFacetRule<EndpointWrite> = {
  trigger: (peeked) => hasBody(peeked) && ENDPOINTS.has(peeked.resource),
  byObject: true,
  find(request: K8sBase): EndpointWrite | undefined {
    const { object } = request;
    if (!ENDPOINTS.has(object.resource) || !hasBody(request)) return undefined;
    if (object.resource !== "nodes" && object.subresource !== "") return undefined;
    const body = takesFromElsewhere(request.requestBody) ? request.responseBody : patchedParts(request.requestBody);
    const entries = (field: string, values: readonly (string | undefined)[]): { field: string; value: string }[] =>
      values.filter((value) => value !== undefined).map((value) => ({ field, value }));
    const addresses = [
      ...entries("spec.externalName", [text(body, "spec", "externalName")]),
      ...entries("spec.externalIPs", texts(body, "spec", "externalIPs")),
      ...entries("spec.loadBalancerIP", [text(body, "spec", "loadBalancerIP")]),
      ...list(body, "subsets").flatMap((subset) =>
        entries(
          "subsets.addresses.ip",
          [...list(subset, "addresses"), ...list(subset, "notReadyAddresses")].map((entry) => text(entry, "ip")),
        ),
      ),
      ...list(body, "endpoints").flatMap((entry) => entries("endpoints.addresses", texts(entry, "addresses"))),
      ...list(body, "status", "addresses").flatMap((entry) => entries("status.addresses", [text(entry, "address")])),
    ];
    return { resource: object.resource, body: body !== undefined, addresses };
  },
};

/** A write to a Node object. `fields`: the changed parts, empty without a body. */
export interface NodeWrite {
  readonly node: string;
  /** A node that writes its own object. */
  readonly own: boolean;
  readonly taints: boolean;
  readonly unschedulable: boolean;
  readonly annotations: readonly string[];
}

export const nodeWrite: K8sFacetRule<NodeWrite> = {
  trigger: (peeked) => isWrite(peeked) && peeked.resource === "nodes",
  byObject: true,
  find(request: K8sBase): NodeWrite | undefined {
    const { object, actor, requestBody } = request;
    if (
      object.resource !== "nodes" ||
      object.group !== "" ||
      !isWrite(request) ||
      !["", "status"].includes(object.subresource)
    )
      return undefined;
    return {
      node: object.name,
      own: actor.node === object.name,
      taints: changes(requestBody, "spec", "taints"),
      unschedulable: changes(requestBody, "spec", "unschedulable"),
      annotations: [
        ...keys(requestBody, "metadata", "annotations"),
        ...patched(requestBody).flatMap(({ path, value }) => {
          const [, , name] = path;
          if (path[0] !== "metadata" || path[1] !== "annotations") return [];
          return name === undefined ? keys(value) : [name];
        }),
      ],
    };
  },
};

/** The steps of a JSON patch, a list instead of an object; its paths taken apart. */
function patched(body: unknown): { path: string[]; value: unknown }[] {
  if (!Array.isArray(body)) return [];
  return body.map((step) => ({ path: pointer(text(step, "path") ?? ""), value: at(step, "value") }));
}

const changes = (body: unknown, ...field: readonly [string, string]): boolean =>
  at(body, ...field) !== undefined ||
  patched(body).some(({ path }) => path[0] === field[0] && (path[1] === undefined || path[1] === field[1]));

/** A write to an object of Auto Mode's own API groups. Custom resources are logged at Metadata: who, verb, name, code, never the spec
 * (eks-auto-mode.md §1.2, §6). */
export interface CustomResource {
  readonly kind:
    | "nodeclass"
    | "nodepool"
    | "nodeclaim"
    | "nodediagnostic"
    | "cninode"
    | "ingressclassparams"
    | "definition"
    | "other";
  readonly resource: string;
  readonly group: string;
  readonly name: string;
  readonly subresource: string;
}

const KINDS: Readonly<Record<string, CustomResource["kind"]>> = {
  nodeclasses: "nodeclass",
  nodepools: "nodepool",
  nodeclaims: "nodeclaim",
  nodediagnostics: "nodediagnostic",
  cninodes: "cninode",
  ingressclassparams: "ingressclassparams",
};
const GROUPS = /(?:^|\.)(?:eks\.amazonaws\.com|karpenter\.sh|vpcresources\.k8s\.aws|networking\.k8s\.aws)$/;

export const customResource: K8sFacetRule<CustomResource> = {
  trigger: (peeked) =>
    isWrite(peeked) && (GROUPS.test(peeked.group) || peeked.resource === "customresourcedefinitions"),
  byObject: true,
  find(request: K8sBase): CustomResource | undefined {
    const { object } = request;
    if (!isWrite(request)) return undefined;
    const { resource, group, name, subresource } = object;
    if (resource === "customresourcedefinitions" && GROUPS.test(name))
      return { kind: "definition", resource, group, name, subresource };
    if (!GROUPS.test(group)) return undefined;
    const kind = (Object.hasOwn(KINDS, resource) ? KINDS[resource] : undefined) ?? "other";
    return { kind, resource, group, name, subresource };
  },
};

export interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** A write to a role or a binding. Lists are empty without a body. */
export interface RbacWrite {
  readonly resource: string;
  readonly name: string;
  readonly body: boolean;
  readonly subjects: readonly Subject[];
  readonly roleRef: string;
  readonly rules: readonly {
    readonly verbs: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames: readonly string[];
    readonly apiGroups: readonly string[];
  }[];
}

const RBAC = "rbac.authorization.k8s.io";

export const rbacWrite: K8sFacetRule<RbacWrite> = {
  trigger: (peeked) => isWrite(peeked) && peeked.group === RBAC,
  byObject: true,
  find(request: K8sBase): RbacWrite | undefined {
    const { object, verb } = request;
    if (object.group !== RBAC || !isWrite(request)) return undefined;
    // A patch asks for a part; what stands afterwards is in the answer, unless it is a Status.
    const answer = text(request.responseBody, "kind") === "Status" ? undefined : request.responseBody;
    const body = verb === "patch" ? (answer ?? patchedParts(request.requestBody)) : (request.requestBody ?? answer);
    return {
      resource: object.resource,
      name: object.name,
      body: body !== undefined,
      subjects: list(body, "subjects").map((subject) => ({
        kind: text(subject, "kind") ?? "",
        name: text(subject, "name") ?? "",
        namespace: text(subject, "namespace") ?? "",
      })),
      roleRef: text(body, "roleRef", "name") ?? "",
      rules: list(body, "rules").map((rule) => ({
        verbs: texts(rule, "verbs"),
        resources: texts(rule, "resources"),
        resourceNames: texts(rule, "resourceNames"),
        apiGroups: texts(rule, "apiGroups"),
      })),
    };
  },
};

/** A write that maps an outside identity to a Kubernetes name: aws-auth or a certificate request. */
export interface NameGrant {
  readonly means: "aws-auth" | "certificate";
  readonly body: boolean;
  /** Text in which the granted names stand: mapRoles and mapUsers, or the decoded certificate request. */
  readonly content: string;
  readonly signer: string;
  readonly action: "request" | "approve" | "write";
}

export const nameGrant: K8sFacetRule<NameGrant> = {
  // A create may name its object in the body alone.
  trigger: (peeked) =>
    isWrite(peeked) &&
    (peeked.resource === "certificatesigningrequests" ||
      (peeked.resource === "configmaps" && (peeked.name === "aws-auth" || peeked.name === ""))),
  find(request: K8sBase): NameGrant | undefined {
    const { object, requestBody, responseBody } = request;
    if (!isWrite(request)) return undefined;
    if (object.resource === "configmaps" && object.namespace === "kube-system" && object.name === "aws-auth") {
      const body = at(requestBody, "data") ?? at(responseBody, "data");
      const content = [text(body, "mapRoles"), text(body, "mapUsers")].filter((part) => part !== undefined).join("\n");
      return { means: "aws-auth", body: body !== undefined, content, signer: "", action: "write" };
    }
    if (object.resource !== "certificatesigningrequests") return undefined;
    const encoded = text(requestBody, "spec", "request") ?? text(responseBody, "spec", "request");
    return compact({
      means: "certificate" as const,
      body: encoded !== undefined,
      content: encoded === undefined ? "" : decodeCertificateRequest(encoded),
      signer: text(requestBody, "spec", "signerName") ?? text(responseBody, "spec", "signerName") ?? "",
      action: object.subresource === "approval" ? ("approve" as const) : ("request" as const),
    });
  },
};

/** `spec.request` is base64 of PEM, which is base64 of DER; names stand in DER as plain text, so they can be found without parsing it. */
function decodeCertificateRequest(encoded: string): string {
  try {
    const pem = atob(encoded);
    const body = /-----BEGIN [A-Z ]+-----([\s\S]*?)-----END/.exec(pem)?.[1];
    return body === undefined ? pem : atob(body.replace(/\s+/g, ""));
  } catch {
    return "";
  }
}
