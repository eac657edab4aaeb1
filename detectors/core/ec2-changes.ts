import type { AwsCall } from "../../schemas/events/cloudtrail/facets.ts";
import { at, text } from "../../schemas/json.ts";

/** Writes that EC2 knows the operator for (eks-auto-mode.md §4.3): those that could bring code, credentials, traffic or the disk of a node into
 * other hands, … */
export const TAKEOVER: ReadonlySet<string> = new Set([
  "ModifyInstanceMetadataOptions",
  "ModifyInstanceAttribute",
  "AssociateIamInstanceProfile",
  "ReplaceIamInstanceProfileAssociation",
  "DisassociateIamInstanceProfile",
  "CreateReplaceRootVolumeTask",
  "AttachVolume",
  "DetachVolume",
  "AttachNetworkInterface",
  "ModifyNetworkInterfaceAttribute",
  "CreateNetworkInterfacePermission",
  "AssociateAddress",
  "AssignPrivateIpAddresses",
  "AssignIpv6Addresses",
  "CreateLaunchTemplateVersion",
  "ModifyLaunchTemplate",
]);

/** … and those that only disturb it. */
export const DISTURBANCE: ReadonlySet<string> = new Set([
  "StartInstances",
  "StopInstances",
  "RebootInstances",
  "TerminateInstances",
  "MonitorInstances",
  "UnmonitorInstances",
  "SendDiagnosticInterrupt",
  "SendSpotInstanceInterruptions",
  "ResetInstanceAttribute",
  "ModifyInstanceCpuOptions",
  "ModifyInstanceCreditSpecification",
  "ModifyInstanceMaintenanceOptions",
  "ModifyInstanceNetworkPerformanceOptions",
  "ModifyInstancePlacement",
  "ModifyInstanceCapacityReservationAttributes",
  "ModifyInstanceEventStartTime",
  "ModifyPrivateDnsNameOptions",
  "DetachNetworkInterface",
  "DeleteNetworkInterface",
  "ResetNetworkInterfaceAttribute",
  "UnassignPrivateIpAddresses",
  "UnassignIpv6Addresses",
  "DeleteVolume",
  "ModifyVolume",
  "ModifyVolumeAttribute",
  "EnableVolumeIO",
  "PauseVolumeIO",
  "DeleteLaunchTemplate",
  "DeleteLaunchTemplateVersions",
  "ModifyFleet",
]);

/** Refused without a reason and on an unknown resource, these alone are worth a line: nobody does them to an ordinary instance by the dozen. */
export const RARE: ReadonlySet<string> = new Set([
  "ModifyInstanceMetadataOptions",
  "ModifyInstanceAttribute",
  "AssociateIamInstanceProfile",
  "ReplaceIamInstanceProfileAssociation",
  "CreateReplaceRootVolumeTask",
]);

/** Said of metadata options that only close, as remediation tools set them. */
export const CLOSES = "metadata options that close more than they open";

/** What a call to ModifyInstanceMetadataOptions would open; "" when it only closes; undefined for any other call. */
export function metadataOpened({ action, requestParameters }: AwsCall): string | undefined {
  if (action !== "ModifyInstanceMetadataOptions") return undefined;
  const options = at(requestParameters, "ModifyInstanceMetadataOptionsRequest") ?? requestParameters;
  const read = (name: string): string | undefined =>
    text(options, name) ?? text(options, `${name.charAt(0).toLowerCase()}${name.slice(1)}`);
  const hops = Number(read("HttpPutResponseHopLimit") ?? 1);
  const opened = [
    read("HttpTokens") === "optional" ? "requests without a token (IMDSv1)" : "",
    hops > 1 ? `${hops} hops, so that pods reach it` : "",
  ];
  return opened.filter((what) => what !== "").join(" and ");
}

/** The attribute that ModifyInstanceAttribute or ModifyNetworkInterfaceAttribute sets, where it matters most. */
export function attributeSet({ action, requestParameters: params }: AwsCall): string {
  if (!action.endsWith("Attribute")) return "";
  if (at(params, "userData") !== undefined || text(params, "attribute") === "userData") return "user data";
  if (at(params, "groupSet") !== undefined || text(params, "attribute") === "groupSet") return "security groups";
  return "";
}
