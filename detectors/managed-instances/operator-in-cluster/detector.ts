import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { autoClusterRole } from "../../core/site.ts";
import { attempted } from "../../core/weight.ts";
import { roleReasons, worthOf } from "../operator-role.ts";

/** B-49 in the audit log: Auto Mode's controllers come as the service-linked role, so nobody comes as the cluster role (audit-recorded.md,
 * corrections). */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/operator-in-cluster",
    version: 1,
    title: "Auto Mode's own role used as a Kubernetes user by somebody else",
    description:
      "Auto Mode's controllers talk to the cluster as EKS's service-linked role, in group eks:managed. The cluster role never does: whoever comes to the API server as it, or as a role that only bears the service-linked role's name, is somebody who wants to look like EKS.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: ["user.username", "user.groups", "user.extra.arn", "verb", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html"],
    gaps: [
      "Cluster roles that are neither declared in auto.clusterRoles nor named as EKS proposes are not judged.",
      "An access entry or aws-auth may give the role's session a username that begins with system: or eks:; then it is not seen here.",
      "Where the authenticator leaves out its extra fields, a session under a username of its own names no role.",
    ],
    triage: [
      {
        do: "See what it did in the cluster.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Find who assumed the role, and what else that key did.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, userIdentity.invokedBy, eventName, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or responseElements.credentials.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Take the role's access entry away: EKS makes none for it.",
        cli: "aws eks list-access-entries --region '{region}' --cluster-name '{cluster}'",
      },
    ],
    syntheticShape: true,
  },
  on: "iamSession",
  params: Type.Object({}),
  detect(request, _params, site) {
    const { actor, facets, verb, object, path } = request;
    const { roleName, dressedAsEks } = facets.iamSession;
    const known = dressedAsEks ? "declared" : autoClusterRole(site, actor.roleArn ?? roleName);
    if (known === undefined) return undefined;
    const what = object.resource === "" ? path : object.resource;
    const whose = dressedAsEks ? "a role that only bears the name of EKS's own" : "Auto Mode's cluster role";
    return {
      sentence: `${nameOf(actor)}, ${whose}, ${attempted(request) ? "tried to" : "did"} ${verb} ${what}`,
      on: `role/${roleName}`,
      severity: worthOf(known, request, dressedAsEks ? "medium" : "high"),
      confidence: known === "declared" && !dressedAsEks ? "high" : "medium",
      evidence: [
        { field: "user.username", value: actor.name },
        { field: "user.groups", value: actor.groups.join(", ") },
        { field: "user.extra.arn", value: actor.arn ?? "" },
        { field: "requestURI", value: request.uri },
      ].filter(({ value }) => value !== ""),
      reasons: dressedAsEks
        ? ["not in group eks:managed, in which EKS puts its own"]
        : roleReasons(known, roleName, "clusterRoles"),
    };
  },
});
