import { roleOf } from "../../arn.ts";
import { at, compact, text } from "../../json.ts";
import { type Actor, type ActorKind, INSTANCE_ID } from "../event.ts";

/** `eks-<cluster, 10>-<pod, 12>-<uuid>`, seen in two real records (eks-auto-mode.md §3.2); cluster and pod in it are not authoritative. */
export const POD_SESSION = /^eks-.{1,10}-.{1,12}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Prefix under which only AWS creates roles: a role of the same name elsewhere is somebody's own (trap of eks-auto-mode.md §2.2). */
const SERVICE_ROLE_PATH = ":role/aws-service-role/";

/** The caller of a CloudTrail record. */
export function callerOf(identity: unknown): Actor {
  const type = text(identity, "type") ?? "";
  const arn = text(identity, "arn");
  const issuer = text(identity, "sessionContext", "sessionIssuer", "arn");
  const role = roleOf(arn) ?? roleOf(issuer);
  const principalId = text(identity, "principalId");
  const session = role?.session ?? (type === "AssumedRole" ? principalId?.split(":")[1] : undefined);
  const delivery = text(identity, "sessionContext", "ec2RoleDelivery");
  const invokedBy = text(identity, "invokedBy");
  const provider = text(identity, "sessionContext", "webIdFederationData", "federatedProvider");
  const kind = kindOf({ type, session, delivery, invokedBy, provider, issuer });
  return compact({
    kind,
    name: arn ?? text(identity, "userName") ?? invokedBy ?? principalId ?? (type || "unknown"),
    groups: [],
    arn,
    roleArn: issuer ?? (role && role.path !== "" ? arn : undefined),
    roleName: issuerName(identity) ?? role?.name,
    sessionName: session,
    principalId,
    accessKeyId: text(identity, "accessKeyId"),
    account: text(identity, "accountId"),
    instanceId: session !== undefined && INSTANCE_ID.test(session) ? session : undefined,
    ec2RoleDelivery: delivery,
    invokedBy,
    serviceAccount: serviceAccountOf(text(identity, "userName")),
  });
}

/** Whoever issued the session: of a federated user it is a user, not a role. */
const issuerName = (identity: unknown): string | undefined =>
  text(identity, "sessionContext", "sessionIssuer", "type") === "IAMUser"
    ? undefined
    : text(identity, "sessionContext", "sessionIssuer", "userName");

interface Clues {
  readonly type: string;
  readonly session: string | undefined;
  readonly delivery: string | undefined;
  readonly invokedBy: string | undefined;
  readonly provider: string | undefined;
  readonly issuer: string | undefined;
}

function kindOf({ type, session, delivery, invokedBy, provider, issuer }: Clues): ActorKind {
  if (type === "AWSService") return "aws-service";
  if (type === "Root") return "root";
  if (type === "WebIdentityUser" || provider !== undefined) return "web-identity";
  if (session !== undefined && (INSTANCE_ID.test(session) || delivery !== undefined)) return "node";
  if (session !== undefined && POD_SESSION.test(session)) return "pod";
  if (issuer?.includes(SERVICE_ROLE_PATH) && invokedBy !== undefined) return "control-plane";
  if (
    ["AssumedRole", "IAMUser", "FederatedUser", "SAMLUser", "AWSAccount", "IdentityCenterUser", "Role"].includes(type)
  )
    return "human";
  return invokedBy === undefined ? "unknown" : "aws-service";
}

/** `system:serviceaccount:ns:sa`, the userName of a web identity of the cluster's OIDC provider (eks-auto-mode.md §3.4). */
function serviceAccountOf(userName: string | undefined): { namespace: string; name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(userName ?? "");
  return match ? { namespace: match[1] as string, name: match[2] as string } : undefined;
}

export const isServiceLinked = (roleArn: string | undefined): boolean => roleArn?.includes(SERVICE_ROLE_PATH) ?? false;

export const sourceOf = (address: unknown): { sourceIP?: string; viaService?: string } => {
  const value = at({ address }, "address");
  if (typeof value !== "string" || value === "") return {};
  // `AWS Internal` and service principals stand where an address would (detections.md 0.3).
  return value === "AWS Internal" || value.endsWith(".amazonaws.com") || value.endsWith(".amazonaws.com.cn")
    ? { viaService: value }
    : { sourceIP: value };
};
