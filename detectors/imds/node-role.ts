import type { Severity } from "../../schemas/findings/finding.ts";
import type { EventOn, Evidence } from "../core/contracts.ts";
import { autoNodeRole, type Site } from "../core/site.ts";

export type InstanceCall = EventOn<"instanceSession">;

/** What a misuse of the node role is worth, by how well the role is known to be Auto Mode's. Undefined for any other
 * instance's role: every EC2 instance of an account has sessions named `i-…`, and what those may call is not ours to
 * say. */
export function worthOf(site: Site, { actor }: InstanceCall): Severity | undefined {
  const known = autoNodeRole(site, actor.roleArn ?? actor.roleName);
  if (known === undefined) return undefined;
  return known === "declared" ? "high" : "medium";
}

/** Why the role counts as Auto Mode's, and how to make it sure. */
export function roleReasons(site: Site, { actor }: InstanceCall): string[] {
  return autoNodeRole(site, actor.roleArn ?? actor.roleName) === "default name"
    ? [
        `role ${actor.roleName ?? "?"} has the name that EKS proposes for Auto Mode nodes; it is not declared in auto.nodeRoles`,
      ]
    : [];
}

/** The service that made the call for the instance, when the record names one. */
export const forwarderOf = ({ actor, viaService }: InstanceCall): string | undefined => actor.invokedBy ?? viaService;

/** Who called what from where, and what EC2 stamped on the credential. */
export function evidenceOf(call: InstanceCall): Evidence[] {
  const { actor, service, action, errorCode, sourceIP, viaService, userAgent, facets } = call;
  return [
    { field: "userIdentity.arn", value: actor.arn ?? actor.name },
    { field: "userIdentity.sessionContext.ec2RoleDelivery", value: facets.instanceSession.delivery ?? "(absent)" },
    { field: "eventName", value: `${service}:${action}` },
    { field: "errorCode", value: errorCode },
    { field: "sourceIPAddress", value: sourceIP ?? viaService ?? "" },
    { field: "userAgent", value: userAgent },
  ].filter(({ value }) => value !== "");
}

/** What became of the call, as a verb: `called`, `was denied`, `failed to call`. */
export function didCall({ outcome }: InstanceCall): string {
  if (outcome === "denied") return "was denied";
  return outcome === "failed" ? "failed to call" : "called";
}
