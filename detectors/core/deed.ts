import { roleOf } from "../../schemas/arn.ts";
import type { AwsCall } from "../../schemas/events/cloudtrail/facets.ts";
import { type Actor, type ActorKind, INSTANCE_ID, type Outcome } from "../../schemas/events/event.ts";
import type { Finding, FindingActor } from "../../schemas/findings/finding.ts";
import { compact } from "../../schemas/json.ts";
import { findingActor, subjectOf } from "./actors.ts";
import { attempted } from "./weight.ts";

/** Parts of a call as a fact: who did what from where, and what became of it. It names its event, so that a finding made of it counts the same event as
 * one that is made of the event itself. Texts; empty where the record has nothing. */
export const DEED = [
  "time",
  "event",
  "account",
  "region",
  "cluster",
  "by",
  "kind",
  "role",
  "session",
  "key",
  "ip",
  "via",
  "api",
  "outcome",
  "error",
] as const;

/** `by`: name of the caller, its ARN mostly. `role`: its ARN, or its name where the record has no more. `via`: the AWS service that made or forwarded
 * the call, in AWS's own words. */
export type Deed = Readonly<Record<(typeof DEED)[number], string>>;

export function deedOf(call: AwsCall): Deed {
  const { actor, scope, service, action, outcome, sourceIP = "", errorCode } = call;
  return {
    ...{ time: new Date(call.time).toISOString(), event: call.id, ...scope, by: actor.name, kind: actor.kind },
    ...{ role: actor.roleArn ?? actor.roleName ?? "", session: actor.sessionName ?? "" },
    ...{ key: actor.accessKeyId ?? "", ip: sourceIP, via: actor.invokedBy ?? call.viaService ?? "" },
    ...{ api: `${service}:${action}`, outcome, error: errorCode },
  };
}

/** The caller, as far as the fact tells. */
export function doerOf({ by, kind, role, session, key }: Deed): Actor {
  const arn = by.startsWith("arn:") ? by : undefined;
  return compact({
    ...{ kind: kind as ActorKind, name: by, groups: [], arn },
    roleArn: role.startsWith("arn:") ? role : undefined,
    roleName: (roleOf(role)?.name ?? role) || undefined,
    sessionName: session || undefined,
    accessKeyId: key || undefined,
    account: arn?.split(":")[4] || undefined,
    instanceId: INSTANCE_ID.test(session) ? session : undefined,
  });
}

/** Tried, and the answer was no. */
export const failedIn = ({ outcome }: Pick<Deed, "outcome">): boolean => attempted({ outcome: outcome as Outcome });

const answered = ({ outcome }: Deed): Finding["outcome"] => (outcome === "unknown" ? "unknown" : "success");

interface ToldOf {
  readonly at: string;
  readonly by: string;
  readonly bounded: boolean;
  readonly counts: string;
  readonly actor: FindingActor;
  readonly action: string;
  readonly scope: { readonly account: string; readonly region: string; readonly cluster: string };
  readonly sourceIP?: string;
  readonly outcome: Finding["outcome"];
}

/** What a finding tells of a call, its subject included: as one that is made of the event itself. */
export function toldOf(deed: Deed): ToldOf {
  const { time, event, account, region, cluster, ip, api } = deed;
  const actor = doerOf(deed);
  const { id, bounded } = subjectOf({ actor });
  return {
    ...{ at: time, by: id, bounded, counts: event, actor: findingActor(actor), action: api },
    scope: { account, region, cluster },
    ...(ip !== "" && { sourceIP: ip }),
    outcome: failedIn(deed) ? "attempt" : answered(deed),
  };
}

/** The call in evidence, field by field. */
export const shownIn = (deed: Deed): { field: string; value: string; event: string }[] =>
  [
    { field: "userIdentity.arn", value: deed.by },
    { field: "userIdentity.invokedBy", value: deed.via },
    { field: "eventName", value: deed.api },
    { field: "errorCode", value: deed.error },
    { field: "sourceIPAddress", value: deed.ip },
  ].flatMap((shown) => (shown.value === "" ? [] : [{ ...shown, event: deed.event }]));
