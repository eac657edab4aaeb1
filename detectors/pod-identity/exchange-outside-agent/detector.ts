import { inRanges, isPublic } from "../../../schemas/address.ts";
import { byService } from "../../../schemas/events/cloudtrail/call.ts";
import { nameOf } from "../../core/actors.ts";
import { CLIENTS, clientIn } from "../../core/agent-client.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { autoNodeRole, type Site } from "../../core/site.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { assumed, params, stranger } from "./known.ts";

type Call = EventOn<"podIdentityExchange">;
type Verdict = Required<Pick<Hit, "severity" | "confidence" | "reasons">>;

/** Path of the roles that IAM Identity Center makes for people. */
const PEOPLE = ":role/aws-reserved/sso.amazonaws.com/";

/** B-08, what the record itself and the configuration tell: AssumeRoleForPodIdentity is called by the agent on a node, with the instance's credentials, and by nothing else. */
const ofEvents = defineEventDetector({
  meta: {
    id: "pod-identity/exchange-outside-agent",
    version: 2,
    title: "Pod Identity token exchanged by something else than the agent on a node",
    description:
      "Only the EKS Pod Identity agent, with the credentials of the instance it runs on, exchanges pods' tokens for AWS credentials. Anybody else who does holds a stolen token and becomes that pod in AWS.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["userIdentity", "userIdentity.sessionContext.ec2RoleDelivery", "userAgent", "errorCode"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html",
    ],
    gaps: [
      "A thief on the node itself looks like the agent; so do its instance credentials elsewhere, unless the cluster's egress is declared or its nodes share their way out.",
      "A role session without an instance may be that of a hybrid node: until the roles of the cluster's nodes are declared or learned it is low.",
      "The record names neither pod nor role: the sts:AssumeRole by pods.eks.amazonaws.com of the same second does.",
      "The event is read-only: a trail that drops read events never shows it.",
    ],
    triage: [
      {
        do: "Find the session that was handed out: its tags name pod, namespace and service account, its key every later call.",
        cloudtrail:
          'fields eventTime, requestParameters.roleArn, requestParameters.roleSessionName, responseElements.credentials.accessKeyId | filter eventName = "AssumeRole" and userIdentity.invokedBy = "pods.eks.amazonaws.com" | sort eventTime desc',
      },
      {
        do: "See what else the caller did, and from where.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userAgent, errorCode | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Revoke the sessions of the role that was handed out, and take eks-auth:AssumeRoleForPodIdentity from whoever is no node role (a user: list-attached-user-policies).",
        cli: "aws iam list-attached-role-policies --role-name '{actor.role}'",
      },
    ],
  },
  on: "podIdentityExchange",
  params,
  detect(call, { hybridRoles }, site) {
    const { actor, userAgent } = call;
    if (byService(call)) return undefined;
    const hybrid = actor.kind !== "pod" && hybridRoles.includes(actor.roleName ?? "");
    if (hybrid && clientNamed(call) !== "cli") return undefined;
    const verdict = actor.ec2RoleDelivery === undefined ? fromElsewhere(call, site, hybrid) : fromInstance(call, site);
    if (verdict === undefined) return undefined;
    const did = attempted(call) ? "tried to exchange" : "exchanged";
    const [first] = verdict.reasons;
    const why = first === undefined ? "" : `: ${first}`;
    return {
      ...verdict,
      sentence: `${nameOf(actor)} ${did} a Pod Identity token of cluster ${call.facets.podIdentityExchange.cluster}${why}`,
      on: `pod-identity/${call.facets.podIdentityExchange.cluster}`,
      severity: lowered(verdict.severity, attempted(call) ? 1 : 0),
      evidence: [
        { field: "userIdentity.arn", value: actor.name },
        { field: "userIdentity.sessionContext.ec2RoleDelivery", value: actor.ec2RoleDelivery ?? "absent" },
        { field: "userAgent", value: userAgent },
        { field: "sourceIPAddress", value: call.sourceIP ?? "" },
        { field: "errorCode", value: call.errorCode },
      ].filter(({ value }) => value !== ""),
      notExempted: hybrid ? ["listed as a role of hybrid nodes, but called by a command line client"] : [],
    };
  },
});

export const detector = completed(ofEvents, [assumed, stranger]);

const clientNamed = ({ userAgent, facets }: Call) => clientIn(userAgent, facets.podIdentityExchange.agentUserAgent);
const clientOf = (call: Call): readonly string[] => CLIENTS[clientNamed(call)] ?? [];

/** With the credentials of an instance. What is odd about them proves something of Auto's nodes only: those take IMDSv2 alone and let
 * nobody in (eks-auto-mode.md §5); on others an engineer may run the AWS CLI. */
function fromInstance(call: Call, site: Site): Verdict | undefined {
  const { actor, sourceIP } = call;
  const auto = autoNodeRole(site, actor.roleName) !== undefined;
  const outside = site.egress.length > 0 && isPublic(sourceIP) && !inRanges(sourceIP, site.egress);
  const old = actor.ec2RoleDelivery !== "2.0";
  const cli = clientNamed(call) === "cli";
  if (!outside && !old && !cli) return undefined;
  const reasons = [
    ...(outside ? [`from ${sourceIP}, which is none of the cluster's egress addresses`] : []),
    ...(old ? [`credentials from IMDS version ${actor.ec2RoleDelivery}`] : []),
    ...(cli ? clientOf(call) : []),
  ];
  if (auto) return { severity: outside || old ? "high" : "medium", confidence: "high", reasons };
  return outside
    ? { severity: "medium", confidence: "medium", reasons }
    : { severity: "low", confidence: "low", reasons };
}

/** Without an instance's credentials. A hybrid node's agent has a role session like anybody's, so the record must prove that it is none. */
function fromElsewhere(call: Call, site: Site, hybrid: boolean): Verdict {
  const client = clientOf(call);
  if (hybrid) return { severity: "medium", confidence: "medium", reasons: client };
  const { certain, proof } = proofOf(call, site);
  const reasons = [...proof, ...client];
  if (proof.length > 0)
    return { severity: certain || client.length > 0 ? "critical" : "high", confidence: "high", reasons };
  const noInstance = ["no instance's credentials, by a role that may be that of hybrid nodes", ...client];
  if (clientNamed(call) === "cli") return { severity: "high", confidence: "medium", reasons: noInstance };
  return { severity: client.length > 0 ? "medium" : "low", confidence: "low", reasons: noInstance };
}

/** What shows that no agent on a node made the call, whatever its user agent. */
function proofOf({ actor }: Call, site: Site): { certain: boolean; proof: readonly string[] } {
  const { kind, roleName, sessionName, roleArn } = actor;
  const shown = (reason: string, certain = false) => ({ certain, proof: [reason] });
  if (autoNodeRole(site, roleName) !== undefined)
    return shown("a session of Auto Mode's node role that EC2 did not hand out", true);
  if (actor.instanceId !== undefined) return shown("an instance's name without its delivery: assumed by hand");
  if (roleName === undefined || kind === "pod" || kind === "web-identity") return shown(`${kind} identity, no node`);
  if (roleArn?.includes(PEOPLE) || sessionName?.includes("@")) return shown("a person's session");
  return site.nodeRoles.size > 0
    ? shown(`role ${roleName} is declared neither in nodeRoles nor in hybridRoles`)
    : { certain: false, proof: [] };
}
