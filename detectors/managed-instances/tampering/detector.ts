import type { Static } from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attributeSet, DISTURBANCE, metadataOpened, RARE, TAKEOVER } from "../../core/ec2-changes.ts";
import { attempted } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import {
  changesOf,
  doingOf,
  type Ec2Event,
  idsIn,
  isAutomation,
  OPERATOR_TAGS,
  type Owned,
  ownedIn,
  sweepOf,
  Tools,
} from "../auto-resource.ts";
import { byAutoMode, callEvidence, forwarderOf } from "../operator-role.ts";
import { learned } from "./known.ts";

/** B-29, of what the record itself or the configuration tells to be Auto Mode's: EC2 refuses customers, root included, every change to a managed resource but that of its tags (eks-auto-mode.md §4.3). */
const ofEvents = defineEventDetector({
  meta: {
    id: "managed-instances/tampering",
    version: 2,
    title: "Change tried on an instance, disk or interface that EKS Auto Mode manages",
    description:
      "Nobody but EKS changes or ends the instances, volumes, network interfaces and launch templates of Auto Mode: EC2 refuses it to everybody else, the root user included. So a try shows somebody who does not know the cluster, a tool that goes over all instances, or an attacker; one that got through should not be possible.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [{ tactic: "TA0005", technique: "T1578" }],
    reads: ["eventName", "errorCode", "errorMessage", "requestParameters", "responseElements", "userIdentity"],
    references: [
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
    ],
    gaps: [
      "What EKS made before the ledger began, and the root volumes of nodes, which no record names, are known by auto.resources and by EC2's refusal only, whose text is inferred.",
      "Launches are known in the shape of self-managed Karpenter; none of Auto Mode's own was published.",
      "A node ended through the Kubernetes API shows here as EKS's own TerminateInstances.",
      "Tags that are not EKS's may be changed by anybody and are not judged; EKS's own being set is fake-operator-tags.",
    ],
    triage: [
      {
        do: "See everything that this caller did to EC2: one kind of call on all instances is a tool, several kinds on one are a person.",
        cloudtrail:
          'fields eventTime, eventName, errorCode, sourceIPAddress, userAgent, requestParameters.instanceId | filter eventSource = "ec2.amazonaws.com" and not (eventName like /^(Describe|Get|List)/) and (userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}") | sort eventTime asc',
      },
      {
        do: "Ask by id who operates the resource: managed resources are hidden from lists.",
        cli: "aws ec2 describe-instances --region '{region}' --instance-ids $(echo '{target}') --query 'Reservations[].Instances[].[InstanceId,Operator,MetadataOptions,IamInstanceProfile]'",
      },
      {
        do: "If it got through, replace the node, which Auto Mode does once it is deleted, and end the caller's sessions. A tool: list its role in `sweepers`, and let it leave out what has an operator.",
        cli: "kubectl get nodes -o custom-columns=NAME:.metadata.name,ID:.spec.providerID",
      },
    ],
    syntheticShape: true,
  },
  on: "ec2Call",
  params: Tools,
  detect(call, params, site) {
    const { action } = call;
    if (!isWatched(call) || byAutoMode(call)) return undefined;
    const owned = ownedIn(call, site);
    if (owned === undefined || (owned.how === "unexplained" && !RARE.has(action))) return undefined;
    const { severity, by, on, notExempted } = weigh(call, owned, params);
    return {
      sentence: `${nameOf(call.actor)} ${didTo(call, owned)}`,
      by,
      on,
      severity,
      confidence: owned.how === "declared" || owned.how === "proven" ? "high" : "low",
      evidence: [{ field: "managed", value: owned.why }, ...callEvidence(call)],
      reasons: [owned.why],
      notExempted,
    };
  },
});

export const detector = completed(ofEvents, [learned]);

/** All tags of a resource go when the call names none. */
function isWatched({ action, facets: { ec2Call } }: Ec2Event): boolean {
  if (TAKEOVER.has(action) || DISTURBANCE.has(action)) return true;
  const { tags } = ec2Call;
  return action === "DeleteTags" && (tags.length === 0 || tags.some(({ key }) => OPERATOR_TAGS.has(key)));
}

const WHOSE: Readonly<Record<Owned["how"], string>> = {
  declared: "which EKS Auto Mode manages",
  proven: "which EKS Auto Mode manages",
  refused: "which refused it as a managed resource does",
  unexplained: "which may be managed",
};

function didTo(call: Ec2Event, { ids, how }: Owned): string {
  const attribute = attributeSet(call);
  const opened = metadataOpened(call);
  const what = `${call.service}:${call.action}${attribute ? ` of ${attribute}` : ""} on ${idsIn(ids)}`;
  const whose = WHOSE[how];
  const why = opened ? `, to let in ${opened}` : "";
  return attempted(call)
    ? `tried ${what}, ${whose}${why} (${call.errorCode || "failed"})`
    : `got through with ${what}, ${whose}${why}`;
}

/** A tool's tries are low; what got through never is. */
function weigh(call: Ec2Event, owned: Owned, tools: Static<typeof Tools>) {
  const sweep = sweepOf(doingOf(call), tools);
  const notes = sweep ? [sweep.note] : [];
  if (metadataOpened(call) === "")
    notes.push("these metadata options close more than they open, as remediation tools set them");
  const severity = attempted(call) && notes.length > 0 ? "low" : severityOf(call, owned);
  const { by, on } = sweep ?? changesOf(call);
  return { by, on, notExempted: notes, severity };
}

function severityOf(call: Ec2Event, { how }: Owned): Severity {
  // Tags may be changed by whoever IAM lets: taking EKS's own away breaks no rule of EC2's.
  if (call.action === "DeleteTags") return attempted(call) ? "medium" : "high";
  const known = how === "declared" || how === "proven";
  if (known && !attempted(call)) return "critical";
  const root = call.actor.kind === "root";
  if (known) return root || !isAutomation(call.actor.kind, forwarderOf(call)) ? "high" : "medium";
  // Nothing in IAM refuses the root user: what did was the resource, or the organisation, which says so.
  if (root) return "medium";
  return how === "refused" && TAKEOVER.has(call.action) ? "medium" : "low";
}
