import { type Scope, UNKNOWN } from "../../../schemas/events/event.ts";
import type { Peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { type Fact, idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, dayOf, timeOf } from "../learner.ts";

const DAY_MS = 24 * 60 * 60_000;

/** That a trail spoke on its day, which knows the day before: a silence over midnight has its ends in both. */
function beat(
  { account, region, cluster }: Scope,
  trail: string,
  event: { id: string; time: number },
): readonly Fact[] {
  if (account === UNKNOWN || cluster === UNKNOWN) return [];
  const [time, day] = [timeOf(event), dayOf(event)];
  const idOn = (on: string): string => idOf("heartbeat", [account, region, cluster, on]);
  const tell = about("heartbeat", idOn(day), event);
  return [
    tell("of", { account, region, cluster, day }),
    tell("before", { id: idOn(dayOf({ time: event.time - DAY_MS })) }),
    tell("spoke", { time, trail }),
    tell("heard", { time }),
  ];
}

const wholeAccount = ({ account }: Scope): Scope => ({ account, region: "*", cluster: "*" });

/** A control plane never stops: leases are renewed every few seconds, and logged (detections.md B-46). One event in five minutes is parsed for it. */
export const auditHeartbeat: AuditLearner = {
  trail: "k8s-audit",
  trigger: () => true,
  same: (peeked, { account, region, cluster }) => `beat ${account}/${region}/${cluster} ${fiveMinutesIn(peeked)}`,
  learn: (request) => [
    ...beat(request.scope, "audit log", request),
    ...(request.scope.cluster === UNKNOWN ? [] : beat(wholeAccount(request.scope), "audit log", request)),
  ],
};

const fiveMinutesIn = ({ request }: Peek): string =>
  `${request.slice(0, "2026-11-22T10:0".length)}${(request["2026-11-22T10:0".length] ?? "") < "5" ? 0 : 5}`;

/** Of a cluster: what is done to it and for its pods. Of the account: every call that carries a key. */
export const callHeartbeat: CallLearner = {
  trail: "cloudtrail",
  trigger: '"accessKeyId":"A[SK]IA|"eks(?:-auth)?\\.amazonaws\\.com"|"pods\\.eks\\.amazonaws\\.com"',
  learn: (call) => [
    ...beat(call.scope, "CloudTrail", call),
    ...(call.actor.accessKeyId === undefined ? [] : beat(wholeAccount(call.scope), "CloudTrail", call)),
  ],
};
