import type { Severity } from "../../schemas/findings/finding.ts";
import { text } from "../../schemas/json.ts";
import type { EventOn } from "./contracts.ts";
import { isForeign, isPowerful, strangersIn } from "./policy-document.ts";

export type IamCall = EventOn<"iamWrite">;
/** The role that EKS links to itself. Anyone may make a role of this name under another path, so the name alone says nothing. */
export const LINKED_ROLE = "AWSServiceRoleForAmazonEKS";

export type Kind = "cluster" | "node";

/** What a call does to a role, and what that is worth where the role is declared as Auto Mode's. */
export interface Change {
  readonly what: string;
  readonly worth: Severity;
}

const SERVICE = { cluster: "eks.amazonaws.com", node: "ec2.amazonaws.com" } as const;

/** The policies that the documentation has people attach, of AWS's own account. Those of the one role are too much for the other. */
const DOCUMENTED = {
  cluster:
    /^arn:aws[a-z-]*:iam::aws:policy\/AmazonEKS(?:Cluster|Compute|BlockStorage|LoadBalancing|Networking)Policy(?:V2)?$/,
  node: /^arn:aws[a-z-]*:iam::aws:policy\/(?:AmazonEKSWorkerNodeMinimalPolicy|AmazonEC2ContainerRegistryPullOnly)$/,
} as const;
const ADMIN =
  /^arn:aws[a-z-]*:iam::aws:policy\/(?:.*\/)?(?:AdministratorAccess|IAMFullAccess|PowerUserAccess|SystemAdministrator)$/;

/** A role made to bear the name of EKS's own: AWS makes that one by another call, under a path that is closed to everybody else. */
export const isDressing = ({ action, facets, requestParameters }: IamCall): boolean =>
  action === "CreateRole" &&
  facets.iamWrite.roleName === LINKED_ROLE &&
  text(requestParameters, "path")?.startsWith("/aws-service-role/") !== true;

/** What the record does not tell is taken for the worst but one: IAM leaves the parameters out of every denied call. */
export function changeOf(call: IamCall, kind: Kind): Change | undefined {
  const { action, facets } = call;
  const { document, policyArn, instanceProfile } = facets.iamWrite;
  switch (action) {
    case "CreateRole":
    case "UpdateAssumeRolePolicy":
      return isDressing(call)
        ? { what: "it would bear the name of EKS's service-linked role", worth: "high" }
        : trustOf(call, kind);
    case "AttachRolePolicy":
      if (policyArn === undefined) return { what: "a policy that is not in the record", worth: "high" };
      if (DOCUMENTED[kind].test(policyArn)) return undefined;
      return { what: policyArn, worth: ADMIN.test(policyArn) ? "high" : "medium" };
    case "PutRolePolicy":
      return { what: "an inline policy", worth: document === "" || isPowerful(document) ? "high" : "medium" };
    case "DetachRolePolicy":
    case "DeleteRolePolicy":
    case "DeleteRolePermissionsBoundary":
    case "AddRoleToInstanceProfile":
      return { what: policyArn ?? instanceProfile ?? "see the record", worth: "medium" };
    default:
      return undefined;
  }
}

/** A new role with the trust that it should have is a set-up, and without a document in the record nothing can be said of it. */
function trustOf({ action, facets, scope }: IamCall, kind: Kind): Change | undefined {
  const created = action === "CreateRole";
  const strangers = strangersIn(facets.iamWrite.document, SERVICE[kind]);
  if (strangers === undefined)
    return created ? undefined : { what: "a trust that is not in the record", worth: "high" };
  if (strangers.length === 0) return created ? undefined : { what: `trusts ${SERVICE[kind]} alone`, worth: "low" };
  const foreign = strangers.some((principal) => isForeign(principal, scope.account));
  return { what: `trusts ${strangers.join(", ")}`, worth: foreign ? "critical" : "high" };
}
