import type { Actor } from "../../schemas/events/event.ts";
import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import type { FindingActor } from "../../schemas/findings/finding.ts";
import { compact } from "../../schemas/json.ts";

/** An actor in a sentence: the session's name and role instead of a whole ARN. */
export function nameOf(actor: Actor): string {
  if (actor.kind === "anonymous") return "an unauthenticated client";
  if (actor.kind === "root") return `the root user of account ${actor.account ?? "?"}`;
  if (actor.roleName !== undefined && actor.sessionName !== undefined && actor.kind !== "node")
    return `${actor.sessionName} (role ${actor.roleName})`;
  if (actor.kind === "node") return `node ${actor.instanceId ?? actor.node ?? actor.sessionName ?? actor.name}`;
  if (actor.serviceAccount !== undefined)
    return `service account ${actor.serviceAccount.namespace}/${actor.serviceAccount.name}`;
  return actor.arn?.split("/").at(-1) ?? actor.name;
}

/** Who a finding is about, as part of its id: the key, token or name of the caller, and whether its life is bounded. A temporary key (ASIA) and
 * a token end by themselves; a name, an address or a long-term key (AKIA) do not, and get the day. */
export function subjectOf(event: Pick<TrailEvent, "actor" | "sourceIP">): {
  readonly id: string;
  readonly bounded: boolean;
} {
  const { actor } = event;
  if (actor.accessKeyId?.startsWith("ASIA")) return { id: `key/${actor.accessKeyId}`, bounded: true };
  if (actor.credentialId?.startsWith("JTI=")) return { id: `token/${actor.credentialId}`, bounded: true };
  if (actor.kind === "anonymous") return { id: `address/${event.sourceIP ?? "?"}`, bounded: false };
  return { id: `principal/${actor.accessKeyId ?? actor.arn ?? actor.name}`, bounded: false };
}

export function findingActor(actor: Actor): FindingActor {
  return compact({
    kind: actor.kind,
    name: actor.name,
    groups: [...actor.groups],
    arn: actor.arn,
    role: actor.roleArn ?? actor.roleName,
    session: actor.sessionName,
    principalId: actor.principalId,
    accessKeyId: actor.accessKeyId,
    account: actor.account,
    instanceId: actor.instanceId,
    serviceAccount: actor.serviceAccount && `${actor.serviceAccount.namespace}/${actor.serviceAccount.name}`,
    pod: actor.pod?.name ?? actor.pod?.uid,
    credentialId: actor.credentialId,
  });
}
