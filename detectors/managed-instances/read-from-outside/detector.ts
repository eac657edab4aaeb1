import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { readIn, tellRead } from "../../core/ec2-reads.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { doingOf, idsIn, ownedIn, sweepOf, Tools } from "../auto-resource.ts";
import { byAutoMode, callEvidence, forwarderOf } from "../operator-role.ts";
import { backupNote, isTroubleshooting, knownCopy, knownRead } from "./known.ts";

/** B-30, of what the record itself or the configuration tells to be a node's: reading a node past the node: unlike changes, EC2 refuses reads to nobody (eks-auto-mode.md §4.3). */
const ofEvents = defineEventDetector({
  meta: {
    id: "managed-instances/read-from-outside",
    version: 2,
    title: "Disk, traffic or console of an Auto Mode node read through the EC2 API",
    description:
      "Nobody can log in to an Auto Mode node, but its disk can be copied, its traffic mirrored and its console read through the EC2 API. The disk holds the pods' files, service account tokens and images; nodes live for days and need no backup.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0010", technique: "T1537" },
      { tactic: "TA0009", technique: "T1005" },
      { tactic: "TA0006", technique: "T1040" },
      { tactic: "TA0005", technique: "T1578" },
    ],
    reads: ["eventName", "requestParameters", "responseElements", "errorCode", "errorMessage", "userIdentity"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-troubleshoot.html",
      "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-accessing-snapshot.html",
    ],
    gaps: [
      "What EKS made before the ledger began is known by auto.resources only, and root volumes of nodes are in no record: snapshots of them are seen when the instance is named.",
      "What was taken of a node is followed to where it is shared, but no further: a copy of a copy is not.",
      "Blocks read through the EBS direct API are data events: a trail has to record them.",
    ],
    triage: [
      {
        do: "See what the caller did with it since: shared, copied, made a volume of it.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, requestParameters.snapshotId, responseElements.snapshotId | filter eventSource in ["ec2.amazonaws.com", "ebs.amazonaws.com"] and (userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}") | sort eventTime asc',
      },
      {
        do: "Ask whether an incident or a ticket called for it. If not, delete copies and mirror sessions.",
        cli: "aws ec2 describe-snapshots --region '{region}' --owner-ids '{account}' --query 'Snapshots[].[SnapshotId,VolumeId,StartTime,Description]'",
      },
      {
        do: "Treat what was on the node as read: replace secrets and tokens of its pods, and the node.",
        cli: "kubectl get pods --all-namespaces -o custom-columns=NS:.metadata.namespace,POD:.metadata.name,NODE:.spec.nodeName,SA:.spec.serviceAccountName",
      },
    ],
    syntheticShape: true,
  },
  on: "ec2Call",
  params: Tools,
  detect(call, params, site) {
    const { actor, action, service } = call;
    const read = readIn(call);
    if (read === undefined || byAutoMode(call) || isTroubleshooting(action, actor, site)) return undefined;
    const owned = ownedIn(call, site);
    if (owned === undefined || owned.how === "unexplained") return undefined;
    const [what, worth] = read;
    const sweep = sweepOf(doingOf(call), params);
    const tool = sweep?.note ?? backupNote(forwarderOf(call));
    // Sharing what was copied is no tool's work.
    const low = owned.how === "refused" || (tool !== undefined && worth !== "critical");
    const whose = owned.how === "refused" ? ", which refused it as a managed resource does" : " of an Auto Mode node";
    const done = { api: `${service}:${action}`, failed: attempted(call) };
    return {
      sentence: `${nameOf(actor)} ${tellRead(done, what, { ids: idsIn(owned.ids), whose })}`,
      ...(sweep && { by: sweep.by }),
      on: sweep?.on ?? `${service} ${action}`,
      severity: low ? "low" : lowered(worth, attempted(call) ? 1 : 0),
      confidence: owned.how === "refused" ? "low" : "high",
      evidence: [{ field: "managed", value: owned.why }, ...callEvidence(call)],
      reasons: [owned.why],
      notExempted: tool === undefined ? [] : [tool],
    };
  },
});

export const detector = completed(ofEvents, [knownRead, knownCopy]);
