import type { AwsCall } from "../../schemas/events/cloudtrail/facets.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import { list, text } from "../../schemas/json.ts";

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
  ModifySnapshotAttribute: ["a copy of the disk", "critical"],
  ModifyImageAttribute: ["a copy of the disks", "critical"],
  CreateTrafficMirrorSession: ["the traffic", "high"],
  DescribeInstanceAttribute: ["the user data", "medium"],
  GetLaunchTemplateData: ["the launch data", "medium"],
  GetInstanceUefiData: ["the UEFI variables", "medium"],
  GetConsoleScreenshot: ["a picture of the console", "medium"],
  GetConsoleOutput: ["the console's text", "low"],
  GetInstanceTpmEkPub: ["the TPM's public key", "low"],
  GetPasswordData: ["the password, which Linux has none of,", "low"],
};

/** What a call takes out of a node, and its worth; undefined for any other, and for the harmless half of these: other attributes than user data, and permissions taken
 * back. */
export const readIn = (call: AwsCall): readonly [takes: string, worth: Severity] | undefined =>
  takes(call) ? readBy(call.action) : undefined;

export const readBy = (action: string): readonly [takes: string, worth: Severity] | undefined =>
  Object.hasOwn(READS, action) ? READS[action] : undefined;

/** What was done, as a sentence goes on after the name of whoever did it. `whose`: ` of a node …`, or `, which …`. */
export function tellRead(
  { api, failed }: { readonly api: string; readonly failed: boolean },
  what: string,
  { ids, whose }: { readonly ids: string; readonly whose: string },
): string {
  if (/:Modify(?:Snapshot|Image)Attribute$/.test(api))
    return `${failed ? "tried to share" : "shared"} ${ids}, ${what}${whose}, with others by ${api}`;
  return `${failed ? "tried to take" : "took"} ${what} of ${ids}, ${whose.replace(/^(?: |, )/, "")}, by ${api}`;
}

function takes({ action, requestParameters: params, facets: { ec2Call } }: AwsCall): boolean {
  switch (action) {
    case "DescribeInstanceAttribute":
      return text(params, "attribute") === "userData";
    case "ModifySnapshotAttribute":
    case "ModifyImageAttribute":
      return ["createVolumePermission", "launchPermission"].some((field) => list(params, field, "add").length > 0);
    case "CreateVolume":
      return ec2Call?.resources.some(({ type }) => type === "snapshot") === true;
    default:
      return true;
  }
}
