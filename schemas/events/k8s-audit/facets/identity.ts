import type { K8sBase, K8sFacetRule } from "../request.ts";
import { targetClassOf } from "./impersonation.ts";

/** A *real* user, not an impersonated one, with a name that only Auto Mode's components take: certificate, front proxy or access entry. */
export interface ClaimedComponent {
  readonly name: string;
  /** How the name was come by, as far as the record tells. */
  readonly means: "certificate" | "iam" | "unknown";
}

export const claimedComponent: K8sFacetRule<ClaimedComponent> = {
  trigger: '"(?:[Ee][Kk][Ss]-(?:[Aa][Uu][Tt][Oo]|[Rr][Uu][Nn][Tt][Ii][Mm][Ee]|[Mm][Aa][Nn][Aa][Gg][Ee][Dd])):',
  find({ actor }: K8sBase): ClaimedComponent | undefined {
    if (targetClassOf(actor.name) !== "component") return undefined;
    const iam = actor.arn !== undefined || actor.uid !== undefined ? "iam" : "unknown";
    const means = actor.credentialId?.startsWith("X509") ? "certificate" : iam;
    return { name: actor.name, means };
  },
};

/** A node named by an instance id whose identity carries no trace of IAM: an Auto node always comes through the authenticator, which
 * leaves a uid and the session's name (eks-auto-mode.md §2.1 invariants); a stolen front-proxy or signing certificate leaves neither. */
export interface UnprovenNode {
  readonly node: string;
}

export const unprovenNode: K8sFacetRule<UnprovenNode> = {
  trigger: '"username":"system:node:i-[0-9a-f]+","groups"|"username":"system:node:i-[0-9a-f]+"\\}',
  find({ actor }: K8sBase): UnprovenNode | undefined {
    const { instanceId, uid, arn, sessionName } = actor;
    const proven = uid !== undefined || arn !== undefined || sessionName !== undefined;
    return actor.kind !== "node" || instanceId === undefined || proven ? undefined : { node: instanceId };
  },
};

/** A request with a forwarded address: everything before the last of sourceIPs is the client's claim (audit-recorded.md 22). */
export interface Forwarded {
  readonly peer: string;
  readonly claimed: readonly string[];
}

export const forwarded: K8sFacetRule<Forwarded> = {
  trigger: '"sourceIPs":\\["[^"\\]]*","',
  find({ sourceIP, forwardedFor }: K8sBase): Forwarded | undefined {
    return sourceIP === undefined || forwardedFor.length === 0 ? undefined : { peer: sourceIP, claimed: forwardedFor };
  },
};

/** A request whose auditID no server would make: the server makes a random (version 4) UUID, a client may send any text (audit-recorded.md 12). */
export interface OddAuditId {
  readonly auditID: string;
  readonly why: "not a UUID" | "a UUID of another version";
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{12}$/;

export const oddAuditId: K8sFacetRule<OddAuditId> = {
  trigger: '"auditID":"(?![0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")',
  find({ id }: K8sBase): OddAuditId | undefined {
    const match = UUID.exec(id);
    if (match === null) return { auditID: id, why: "not a UUID" };
    return match[1] === "4" && /[89ab]/.test(match[2] ?? "")
      ? undefined
      : { auditID: id, why: "a UUID of another version" };
  },
};

/** One auditID on two requests: the server never does that; a client that does may hide the second from whoever de-duplicates by it. */
export interface ReusedAuditId {
  readonly auditID: string;
}

export const reusedAuditId: K8sFacetRule<ReusedAuditId> = {
  // No text of the record tells: whoever remembers the ids asks for the record to be parsed.
  trigger: "(?!)",
  find({ id, auditIdReused }: K8sBase): ReusedAuditId | undefined {
    return auditIdReused ? { auditID: id } : undefined;
  },
};

/** A request by an identity without credentials: `system:anonymous`, or a 401 whose event has no user at all. */
export interface Anonymous {
  readonly unauthenticated: boolean;
  readonly health: boolean;
}

export const anonymous: K8sFacetRule<Anonymous> = {
  trigger: 'system:anonymous|system:unauthenticated|"user":\\{\\}|"code":401',
  find({ actor, outcome, path }: K8sBase): Anonymous | undefined {
    if (actor.kind !== "anonymous") return undefined;
    return {
      unauthenticated: outcome === "unauthenticated",
      health: /^\/(?:livez|readyz|healthz|version)(?:\/|$)/.test(path),
    };
  },
};

/** An admission webhook or API service being written. */
export interface WebhookWrite {
  readonly resource: string;
  readonly name: string;
}

export const webhookWrite: K8sFacetRule<WebhookWrite> = {
  trigger: '"(?:mutating|validating)(?:webhookconfigurations|admissionpolic)|"apiservices"',
  find({ object, verb }: K8sBase): WebhookWrite | undefined {
    if (["get", "list", "watch"].includes(verb)) return undefined;
    const watched = object.group === "admissionregistration.k8s.io" || object.resource === "apiservices";
    return watched ? { resource: object.resource, name: object.name } : undefined;
  },
};

/** A pod bound to a node by whoever asked: `pods/binding`. */
export interface Binding {
  readonly namespace: string;
  readonly pod: string;
}

export const binding: K8sFacetRule<Binding> = {
  trigger: "/binding",
  find({ object }: K8sBase): Binding | undefined {
    return object.resource === "pods" && object.subresource === "binding"
      ? { namespace: object.namespace, pod: object.name }
      : undefined;
  },
};
