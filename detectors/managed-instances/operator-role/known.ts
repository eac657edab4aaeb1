import Type from "typebox";
import { doerOf, failedIn, shownIn, toldOf } from "../../core/deed.ts";
import { lowered } from "../../core/weight.ts";
import { joinHalf } from "../../ledger/contracts.ts";

export const params = Type.Object({});

/** B-49 by the ledger: the role of a cluster is known from its making, and from EKS's own work with it. */
export const learned = joinHalf({
  watch: "roleUse",
  match: ["purpose", "used"],
  params,
  detect([{ cluster, how, source }, used]) {
    const { roleName = "?" } = doerOf(used);
    const failed = failedIn(used);
    return {
      ...toldOf(used),
      sentence: `Session ${used.session || "?"} of ${roleName}, the cluster role of Auto Mode of ${cluster}, ${failed ? "tried" : "called"} ${used.api} from ${used.ip}`,
      on: `role/${roleName}`,
      target: used.role,
      severity: lowered("critical", failed ? 1 : 0),
      confidence: "high",
      evidence: [
        { field: "role.purpose", value: `${roleName} of ${cluster}: ${how}`, event: source },
        ...shownIn(used),
      ],
      reasons: [`${roleName} is the cluster role of ${cluster}: ${how}`],
    };
  },
});
