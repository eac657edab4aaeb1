import { isWrite, type K8sBase, type K8sFacetRule } from "../request.ts";
import { targetClassOf } from "./impersonation.ts";

/** A *real* user, not an impersonated one, with a name that only Auto Mode's components take: certificate, front proxy or access entry. */
export interface ClaimedComponent {
  readonly name: string;
  /** How the name was come by, as far as the record tells. */
  readonly means: "certificate" | "iam" | "unknown";
}

/** The uid that the IAM authenticator gives (eks-auto-mode.md §1.3). */
export const IAM_UID = /^(?:aws-iam-authenticator|heptio-authenticator-aws):/;

export const claimedComponent: K8sFacetRule<ClaimedComponent> = {
  trigger: ({ username }) => targetClassOf(username) === "component",
  find({ actor }: K8sBase): ClaimedComponent | undefined {
    if (targetClassOf(actor.name) !== "component") return undefined;
    const iam = actor.arn !== undefined || IAM_UID.test(actor.uid ?? "") ? "iam" : "unknown";
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
  trigger: ({ username, users }) =>
    username.startsWith("system:node:i-") && !users.startsWith(`"user":{"username":"${username}","uid":"`),
  find({ actor }: K8sBase): UnprovenNode | undefined {
    const { instanceId, uid, arn, sessionName } = actor;
    const proven = uid !== undefined || arn !== undefined || sessionName !== undefined;
    return actor.kind !== "node" || instanceId === undefined || proven ? undefined : { node: instanceId };
  },
};

/** A request by an IAM role's session under whatever username its access entry gives it; neither a kubelet's nor AWS's own. */
export interface IamSession {
  readonly roleName: string;
  readonly sessionName: string;
  /** The name of the role that EKS links to itself, without the group that EKS gives it. */
  readonly dressedAsEks: boolean;
}

const LINKED = "AWSServiceRoleForAmazonEKS";
/** The user itself in EKS's own group and with the role that EKS links to itself: a username is whatever an administrator chose, and groups and
 * extras of whom it acts as are not its own. */
const LINKED_USER =
  /^"user":\{(?:"(?:username|uid)":"[^"\\]*",){2}"groups":\["eks:managed"[^\]\\]*\],"extra":\{[^{}\\]*"arn":\["arn:[^"/%]*:assumed-role\/AWSServiceRoleForAmazonEKS\//;

export const iamSession: K8sFacetRule<IamSession> = {
  trigger: ({ username, users }) => !(/^(?:system|eks):/.test(username) || LINKED_USER.test(users)),
  find({ actor }: K8sBase): IamSession | undefined {
    const { roleName, sessionName = "", name, kind } = actor;
    // AWS's own, or without credentials whatever the rest says.
    if (roleName === undefined || kind !== "human" || /^(?:system|eks):/.test(name)) return undefined;
    return { roleName, sessionName, dressedAsEks: roleName === LINKED };
  },
};

/** A request with a forwarded address: everything before the last of sourceIPs is the client's claim (audit-recorded.md 22). */
export interface Forwarded {
  readonly peer: string;
  readonly claimed: readonly string[];
}

export const forwarded: K8sFacetRule<Forwarded> = {
  trigger: ({ origin }) => /^"sourceIPs":\["[^"\]]*","/.test(origin),
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

function whyOdd(auditID: string): OddAuditId["why"] | undefined {
  const match = UUID.exec(auditID);
  if (match === null) return "not a UUID";
  return match[1] === "4" && /[89ab]/.test(match[2] ?? "") ? undefined : "a UUID of another version";
}

export const oddAuditId: K8sFacetRule<OddAuditId> = {
  trigger: ({ auditID }) => whyOdd(auditID) !== undefined,
  find({ id }: K8sBase): OddAuditId | undefined {
    const why = whyOdd(id);
    return why === undefined ? undefined : { auditID: id, why };
  },
};

/** One auditID on two requests: the server never does that; a client that does may hide the second from whoever de-duplicates by it. */
export interface ReusedAuditId {
  readonly auditID: string;
}

export const reusedAuditId: K8sFacetRule<ReusedAuditId> = {
  // No text of the record tells: whoever remembers the ids asks for the record to be parsed.
  trigger: () => false,
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
  trigger: ({ username, users, status }) =>
    username === "" ||
    username === "system:anonymous" ||
    users.includes("system:unauthenticated") ||
    status.includes('"code":401'),
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

const isHook = ({ group, resource }: { readonly group: string; readonly resource: string }): boolean =>
  group === "admissionregistration.k8s.io" || resource === "apiservices";

export const webhookWrite: K8sFacetRule<WebhookWrite> = {
  trigger: (peeked) => isWrite(peeked) && isHook(peeked),
  byObject: true,
  find(request: K8sBase): WebhookWrite | undefined {
    const { object } = request;
    return isWrite(request) && isHook(object) ? { resource: object.resource, name: object.name } : undefined;
  },
};

/** A pod bound to a node by whoever asked: `pods/binding`. */
export interface Binding {
  readonly namespace: string;
  readonly pod: string;
}

export const binding: K8sFacetRule<Binding> = {
  trigger: ({ subresource }) => subresource === "binding",
  byObject: true,
  find({ object }: K8sBase): Binding | undefined {
    return object.resource === "pods" && object.subresource === "binding"
      ? { namespace: object.namespace, pod: object.name }
      : undefined;
  },
};
