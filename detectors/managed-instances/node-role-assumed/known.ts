import Type from "typebox";
import { roleOf } from "../../../schemas/arn.ts";
import { INSTANCE_ID } from "../../../schemas/events/event.ts";
import { nameOf } from "../../core/actors.ts";
import { doerOf, failedIn, shownIn, toldOf } from "../../core/deed.ts";
import { lowered } from "../../core/weight.ts";
import { joinHalf } from "../../ledger/contracts.ts";

export const params = Type.Object({});

/** B-24 in CloudTrail, by the ledger: the role of a cluster's nodes is known from their work in it. */
export const learned = joinHalf({
  watch: "roleFleet",
  match: ["purpose", "taken"],
  params,
  detect([{ cluster, how, source }, taken]) {
    const { name, target, issued } = taken;
    const role = roleOf(target)?.name ?? target;
    const failed = failedIn(taken);
    const asNode = INSTANCE_ID.test(name);
    const session = name === "" ? "" : ` as ${asNode ? "node" : "session"} ${name}`;
    const key = { field: "responseElements.credentials.accessKeyId", value: issued, event: taken.event };
    return {
      ...toldOf(taken),
      sentence: `${nameOf(doerOf(taken))} ${failed ? "tried to assume" : "assumed"} the node role ${role} of ${cluster}${session}`,
      on: `role/${role}`,
      target,
      severity: lowered(asNode ? "critical" : "high", failed ? 1 : 0),
      confidence: "high",
      evidence: [
        { field: "role.purpose", value: `${role} of ${cluster}: ${how}`, event: source },
        ...(issued === "" ? [] : [key]),
        ...shownIn(taken),
      ],
      reasons: [`${role} is the node role of ${cluster}: ${how}`],
    };
  },
});
