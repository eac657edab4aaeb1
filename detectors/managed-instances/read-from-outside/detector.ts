import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { list, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import type { Site } from "../../core/site.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { type Ec2Event, idsIn, ownedIn, sweepOf } from "../auto-resource.ts";
import { byAutoMode, callEvidence, forwarderOf } from "../operator-role.ts";

/** What each call takes out of a node, and what that is worth. */
const READS: Readonly<Record<string, readonly [takes: string, worth: Severity]>> = {
  CreateSnapshot: ["the disk", "high"],
  CreateSnapshots: ["the disks", "high"],
  CreateImage: ["the disks", "high"],
  CreateInstanceExportTask: ["the disks", "high"],
  CopyVolumes: ["the disk", "high"],
  CopySnapshot: ["a copy of the disk", "high"],
  CopyImage: ["a copy of the disks", "high"],
  CreateVolume: ["a copy of the disk", "high"],
  ListSnapshotBlocks: ["a copy of the disk", "high"],
  ListChangedBlocks: ["a copy of the disk", "high"],
  GetSnapshotBlock: ["a copy of the disk", "high"],
  ModifySnapshotAttribute: ["a copy of the disk for others", "critical"],
  ModifyImageAttribute: ["a copy of the disks for others", "critical"],
  CreateTrafficMirrorSession: ["the traffic", "high"],
  DescribeInstanceAttribute: ["the user data", "medium"],
  GetLaunchTemplateData: ["the launch data", "medium"],
  GetInstanceUefiData: ["the UEFI variables", "medium"],
  GetConsoleScreenshot: ["a picture of the console", "medium"],
  GetConsoleOutput: ["the console's text", "low"],
  GetInstanceTpmEkPub: ["the TPM's public key", "low"],
  GetPasswordData: ["the password, which Linux has none of,", "low"],
};

/** How AWS's documentation has people look at a node that does not start. */
const TROUBLESHOOTING: ReadonlySet<string> = new Set(["GetConsoleOutput", "GetConsoleScreenshot"]);

/** Services that copy the disks of everything on a schedule. */
const BACKUP: ReadonlySet<string> = new Set(["backup.amazonaws.com", "dlm.amazonaws.com"]);

/** B-30: reading a node past the node: unlike changes, EC2 refuses reads to nobody (eks-auto-mode.md §4.3). */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/read-from-outside",
    version: 1,
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
      "Judged are resources that are listed in auto.resources, or that the record shows to be Auto Mode's: most records of snapshots and reads show nothing.",
      "A snapshot is known by its id in auto.resources only; what was taken of a node is not followed to where it is shared.",
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
  params: Type.Object({
    sweepers: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Role names or ARNs of backup and inventory tools: low, one finding a day.",
    }),
    manyInstances: Type.Integer({
      minimum: 2,
      default: 5,
      description: "Instances in one call from which on it is a tool's.",
    }),
  }),
  detect(call, params, site) {
    const { actor, action, service } = call;
    const read = Object.hasOwn(READS, action) && takes(call) ? READS[action] : undefined;
    if (read === undefined || byAutoMode(call) || isTroubleshooting(call, site)) return undefined;
    const owned = ownedIn(call, site);
    if (owned === undefined || owned.how === "unexplained") return undefined;
    const [what, worth] = read;
    const sweep = sweepOf(call, params);
    const tool = sweep?.note ?? backupNote(call);
    // Sharing what was copied is no tool's work.
    const low = owned.how === "refused" || (tool !== undefined && worth !== "critical");
    const did = attempted(call) ? "tried to take" : "took";
    const whose = owned.how === "refused" ? "which refused it as a managed resource does" : "of an Auto Mode node";
    return {
      sentence: `${nameOf(actor)} ${did} ${what} of ${idsIn(owned.ids)}, ${whose}, by ${service}:${action}`,
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

/** False for the harmless half of a call: other attributes than user data, and permissions taken back. */
function takes({ action, requestParameters: params, facets: { ec2Call } }: Ec2Event): boolean {
  switch (action) {
    case "DescribeInstanceAttribute":
      return text(params, "attribute") === "userData";
    case "ModifySnapshotAttribute":
    case "ModifyImageAttribute":
      return ["createVolumePermission", "launchPermission"].some((field) => list(params, field, "add").length > 0);
    case "CreateVolume":
      return ec2Call.resources.some(({ type }) => type === "snapshot");
    default:
      return true;
  }
}

const isTroubleshooting = ({ action, actor }: Ec2Event, { support }: Site): boolean =>
  TROUBLESHOOTING.has(action) && (support.has(actor.name) || support.has(actor.roleName ?? ""));

/** The service's name is AWS's word: no caller can write it. */
function backupNote(call: Ec2Event): string | undefined {
  const forwarder = forwarderOf(call) ?? "";
  return BACKUP.has(forwarder) ? `${forwarder} made the call, as it does for every disk` : undefined;
}
