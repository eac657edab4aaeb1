import { isServiceLinked } from "../../schemas/events/cloudtrail/caller.ts";
import type { AwsCall } from "../../schemas/events/cloudtrail/facets.ts";
import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import { LINKED_ROLE } from "../core/role-changes.ts";
import type { AutoRole } from "../core/site.ts";
import { attempted, stepped } from "../core/weight.ts";

type Call = Pick<AwsCall, "actor" | "viaService">;

export const EKS = "eks.amazonaws.com";

/** What the policies of the service-linked role and of a cluster role let Auto Mode do to EC2 (eks-auto-mode.md §4.1), reads aside. */
const OPERATES: ReadonlySet<string> = new Set([
  "CreateFleet",
  "RunInstances",
  "TerminateInstances",
  "CreateLaunchTemplate",
  "DeleteLaunchTemplate",
  "CreateTags",
  "CreateNetworkInterface",
  "AttachNetworkInterface",
  "DetachNetworkInterface",
  "DeleteNetworkInterface",
  "ModifyNetworkInterfaceAttribute",
  "AssignPrivateIpAddresses",
  "UnassignPrivateIpAddresses",
  "AssignIpv6Addresses",
  "UnassignIpv6Addresses",
  "CreateVolume",
  "AttachVolume",
  "DetachVolume",
  "ModifyVolume",
  "DeleteVolume",
  "CreateSnapshot",
  "DeleteSnapshot",
]);

/** The AWS service that made the call for its caller. AWS writes it; no caller can. */
export const forwarderOf = ({ actor, viaService }: Call): string | undefined => actor.invokedBy ?? viaService;

/** Whether a session is of the role that EKS links to itself: by its path, which is AWS's alone. `unknown` where the record has no role ARN. */
export function linkedRole({ actor }: Pick<AwsCall, "actor">): "linked" | "dressed up" | "unknown" | undefined {
  if (actor.roleName !== LINKED_ROLE) return undefined;
  if (actor.roleArn === undefined) return "unknown";
  return isServiceLinked(actor.roleArn) ? "linked" : "dressed up";
}

/** Auto Mode at its work: EKS's own call, or the launch that EC2 Fleet makes of a CreateFleet, which is a record of its own. */
export function byAutoMode(call: Pick<AwsCall, "actor" | "viaService" | "action">): boolean {
  const forwarder = forwarderOf(call);
  if (forwarder === "ec2fleet.amazonaws.com") return call.action === "RunInstances";
  return forwarder === EKS && linkedRole(call) !== "dressed up" && OPERATES.has(call.action);
}

/** What an act on an Auto Mode role is worth: a step less when only its name says that it is Auto Mode's, and when it was tried only. */
export function worthOf(known: AutoRole, call: Pick<TrailEvent, "outcome">, declared: Severity): Severity {
  return stepped(declared, (known === "declared" ? 0 : -1) - (attempted(call) ? 1 : 0));
}

/** Why a role counts as Auto Mode's, and how to make it sure. */
export const roleReasons = (known: AutoRole, role: string, setting: "nodeRoles" | "clusterRoles"): string[] =>
  known === "default name"
    ? [`role ${role} has the name that EKS proposes for Auto Mode; it is not declared in auto.${setting}`]
    : [];

/** Fields that every finding of this group quotes. */
export function callEvidence(call: AwsCall): { field: string; value: string }[] {
  const { actor, service, action, errorCode, message, sourceIP, vpcEndpointId } = call;
  return [
    { field: "userIdentity.arn", value: actor.arn ?? actor.name },
    { field: "userIdentity.invokedBy", value: forwarderOf(call) ?? "" },
    { field: "eventName", value: `${service}:${action}` },
    { field: "errorCode", value: errorCode },
    { field: "errorMessage", value: message },
    { field: "sourceIPAddress", value: sourceIP ?? "" },
    { field: "vpcEndpointId", value: vpcEndpointId ?? "" },
  ].filter(({ value }) => value !== "");
}
