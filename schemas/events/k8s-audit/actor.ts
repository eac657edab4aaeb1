import { roleOf } from "../../arn.ts";
import { compact } from "../../json.ts";
import { type Actor, type ActorKind, INSTANCE_ID } from "../event.ts";
import type { AuditUser } from "./wire.ts";

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const NODE = "system:node:";

/** Prefixes that an AWS-owned account of the EKS service shows in `extra.arn` when it acts as `eks:*` (eks-auto-mode.md §2.3). */
const AWS_OPERATIONS_ROLE = "AWSWesleyClusterManagerLambda";

/** The identity of an audit event. An empty `user` is a 401 (audit-recorded.md 1): anonymous. */
export function actorOf(user: AuditUser | null | undefined): Actor {
  const name = user?.username ?? "";
  const groups = user?.groups ?? [];
  const extra = (key: string): string | undefined => {
    const values = user?.extra;
    return values && Object.hasOwn(values, key) ? values[key]?.[0] : undefined;
  };
  const arn = extra("arn") ?? (name.startsWith("arn:") ? name : undefined);
  const role = roleOf(arn);
  const account = SERVICE_ACCOUNT.exec(name);
  const podName = extra("authentication.kubernetes.io/pod-name");
  const podUid = extra("authentication.kubernetes.io/pod-uid");
  const nodeName = name.startsWith(NODE) ? name.slice(NODE.length) : undefined;
  return compact({
    kind: kindOf(name, groups, arn, role?.name),
    name: name || "system:anonymous",
    groups,
    uid: user?.uid ?? undefined,
    arn,
    roleArn: extra("canonicalArn"),
    roleName: role?.name,
    sessionName: extra("sessionName") ?? role?.session,
    // The newer key wins over the plain one, which older authenticators lack (eks-auto-mode.md §1.3).
    principalId: extra("sigs.k8s.io/aws-iam-authenticator/principalId") ?? extra("principalId"),
    accessKeyId: extra("accessKeyId"),
    account: role?.account,
    instanceId: nodeName !== undefined && INSTANCE_ID.test(nodeName) ? nodeName : undefined,
    serviceAccount: account ? { namespace: account[1] as string, name: account[2] as string } : undefined,
    pod: podName !== undefined || podUid !== undefined ? compact({ name: podName, uid: podUid }) : undefined,
    node: nodeName ?? extra("authentication.kubernetes.io/node-name"),
    credentialId: extra("authentication.kubernetes.io/credential-id"),
  });
}

function kindOf(name: string, groups: readonly string[], arn: string | undefined, role: string | undefined): ActorKind {
  if (name === "" || name === "system:anonymous" || groups.includes("system:unauthenticated")) return "anonymous";
  if (name.startsWith(NODE)) return "node";
  if (SERVICE_ACCOUNT.test(name)) return "service-account";
  // The prefix cannot be had through an access entry; but a certificate or aws-auth may carry any name, and then an ARN shows.
  if (name.startsWith("eks:"))
    return arn === undefined || arn.includes(AWS_OPERATIONS_ROLE) ? "control-plane" : "human";
  if (name.startsWith("system:")) return "control-plane";
  // By name alone anyone could be the service-linked role (a role of that name under another path): its access entry's group too.
  if (role === "AWSServiceRoleForAmazonEKS" && groups.includes("eks:managed")) return "control-plane";
  return arn !== undefined || role !== undefined ? "human" : "unknown";
}
