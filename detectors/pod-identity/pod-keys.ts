import type { Scope } from "../../schemas/events/event.ts";
import type { FindingActor } from "../../schemas/findings/finding.ts";

/** Where an entity is whose id begins with account, region and cluster: in none of them stands a slash. */
export function scopeIn(id: string): Scope {
  const [account = "", region = "", cluster = ""] = id.split("/");
  return { account, region, cluster };
}

/** The last part of an id: a uid, an address, a minute, none of which holds a slash. */
export const lastIn = (id: string): string => id.slice(id.lastIndexOf("/") + 1);

/** A pod, as whoever holds its AWS key: `name` is what STS was told, `namespace/name` or the session's name. */
export const podActor = (name: string, key: string, role: string): FindingActor => ({
  ...{ kind: "pod", name, groups: [], pod: name, accessKeyId: key },
  ...(role !== "" && { role }),
});

/** What became of a call, by its outcome or error code. */
export const didCall = (api: string, outcome: string): string =>
  outcome === "success" ? `called ${api}` : `tried ${api} (${outcome})`;

/** Ends what a role's sessions of before may do, as the console's button does. */
export const REVOKE = `aws iam put-role-policy --role-name '{actor.role}' --policy-name AWSRevokeOlderSessions --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"'"$(date -u +%FT%TZ)"'"}}}]}'`;
