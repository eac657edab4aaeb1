import Type from "typebox";
import { roleOf } from "../../../schemas/arn.ts";
import { type TacticId, tactics } from "../../../schemas/attack.ts";
import { defineJoinDetector } from "../../ledger/contracts.ts";

/** X01, X04, B-39: findings of several tactics by one principal on one day. Each alone may be a mistake or somebody's work; together they are the
 * steps of an attack. */
export const detector = defineJoinDetector({
  meta: {
    id: "sequence/tactics",
    version: 1,
    title: "One principal went through several tactics of an attack in one day",
    description:
      "Different detectors reported different things that one principal did on one day, and what they reported serves different ends of an attacker: to get in, to get credentials, to gain rights, to hide. One such finding may have an innocent reason; an attack has several.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["findings of medium severity and above: actor, detector, tactics, time"],
    references: ["https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-attack-sequence-finding-types.html"],
    gaps: [
      "A day is a UTC day: an attack over midnight is two sequences, or none.",
      "Who acts under several names, roles or sessions is several principals.",
      "Findings of low severity, suppressed ones and those of detectors in shadow are no part of it; the last are while it is in shadow itself.",
      "Of more than 300 findings of one principal in a day, not all are named.",
    ],
    triage: [
      {
        do: "Read the findings it is made of, in the order of `reasons`, and stop the principal: end its sessions, take its access entry away.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userIdentity.accessKeyId | filter userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "See everything that it did in the clusters, between the findings too.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0 | filter user.username = "{actor.name}" or user.extra.arn.0 = "{actor.arn}" | sort requestReceivedTimestamp asc',
      },
    ],
  },
  watch: "principal",
  match: ["did", "hit"],
  params: Type.Object({}),
  detect([other, hit]) {
    const [theirs, own] = [other.tactics.split(" "), hit.tactics.split(" ")];
    // Each serves an end that the other does not; and not both were reported of one request.
    const apart = own.some((one) => !theirs.includes(one)) && theirs.some((one) => !own.includes(one));
    if (!apart || hit.beside.split(" ").includes(other.detector)) return undefined;
    const { time, who, kind, detector: id, severity, cluster, finding } = hit;
    const arn = who.startsWith("arn:") ? { arn: who } : {};
    return {
      sentence: `${nameOf(who)} went through several tactics: ${named(own)} (${id}), ${named(theirs)} (${other.detector})`,
      on: "several tactics",
      at: time,
      actor: { kind, name: who, groups: [], ...arn },
      action: "attack in steps",
      target: who,
      evidence: [
        { field: "principal.hit", value: `${time} ${id} ${severity} ${finding}`, event: hit.source },
        { field: "principal.did", value: `${other.detector} ${other.tactics}`, event: other.source },
      ],
      reasons: [`${time.slice(0, 16)} ${named(own)}: ${id}, ${severity}, cluster ${cluster}`],
      related: [finding],
    };
  },
});

const named = (ids: readonly string[]): string => ids.map((id) => tactics[id as TacticId]).join(" and ");

function nameOf(who: string): string {
  const role = roleOf(who);
  if (role === undefined) return who;
  return role.session === undefined ? role.name : `${role.session} (role ${role.name})`;
}
