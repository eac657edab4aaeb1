import Type from "typebox";
import { roleOf } from "../../../schemas/arn.ts";
import { nameOf } from "../../core/actors.ts";
import { doerOf, failedIn, shownIn, toldOf } from "../../core/deed.ts";
import { lowered } from "../../core/weight.ts";
import { joinHalf } from "../../ledger/contracts.ts";

export const params = Type.Object({});

/** B-49, the issuance, by the ledger: the role of a cluster is known from its making, and from EKS's own work with it. */
export const learned = joinHalf({
  watch: "roleUse",
  match: ["purpose", "taken"],
  params,
  detect([{ cluster, how, source }, taken]) {
    const { api, name, target, issued } = taken;
    const role = roleOf(target)?.name ?? target;
    const failed = failedIn(taken);
    const purpose = { field: "role.purpose", value: `${role} of ${cluster}: ${how}`, event: source };
    const key = { field: "responseElements.credentials.accessKeyId", value: issued, event: taken.event };
    return {
      ...toldOf(taken),
      sentence: `${nameOf(doerOf(taken))} ${failed ? "tried to assume" : "assumed"} the cluster role of Auto Mode of ${cluster}, ${role}${name && ` as session ${name}`} (${api})`,
      on: `role/${role}`,
      target,
      severity: lowered("critical", failed ? 1 : 0),
      confidence: "high",
      evidence: [purpose, ...(issued === "" ? [] : [key]), ...shownIn(taken)],
      reasons: [`${role} is the cluster role of ${cluster}: ${how}`],
    };
  },
});
