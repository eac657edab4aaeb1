import type { EventOn, Evidence } from "../core/contracts.ts";

export type TrailChange = EventOn<"logChange">;

/** What a change is about. CloudTrail drops the parameters of a call that CloudWatch Logs or CloudTrail denied: then
 * the resource stands in the message only ("… is not authorized to perform: logs:DeleteLogGroup on resource:
 * arn:aws:logs:…:log-group:NAME:log-stream:"). */
export function targetOf({ facets, message }: TrailChange): string {
  const { target } = facets.logChange;
  if (target !== "") return target;
  return /on resource: (arn:\S+)/.exec(message)?.[1] ?? "";
}

/** Name of the log group in a name or an ARN; empty for anything else. */
export function groupOf(target: string): string {
  if (!target.startsWith("arn:")) return target;
  return /:log-group:([^:]*)/.exec(target)?.[1] ?? "";
}

export const isAuditGroup = (group: string): boolean => /^\/aws\/eks\/[^/]+\/cluster$/.test(group);

/** `*` at the end of an entry stands for any rest. */
export const listed = (entries: readonly string[], name: string): boolean =>
  entries.some((entry) => entry === name || (entry.endsWith("*") && name.startsWith(entry.slice(0, -1))));

/** Roles whose work this is, by name: the call must come through CloudFormation as well, so that a stolen key of the
 * role does not count. */
export function deployedBy({ actor, viaService }: TrailChange, deployers: readonly string[]): string | undefined {
  const { roleName, invokedBy } = actor;
  const forwarded = (invokedBy ?? viaService) === "cloudformation.amazonaws.com";
  return forwarded && roleName !== undefined && deployers.includes(roleName) ? roleName : undefined;
}

export function evidenceOf({ service, action, errorCode, message, facets }: TrailChange): Evidence[] {
  return [
    { field: "eventName", value: `${service}:${action}` },
    { field: "requestParameters", value: facets.logChange.detail },
    { field: "errorCode", value: errorCode },
    { field: "errorMessage", value: message },
  ].filter(({ value }) => value !== "");
}
