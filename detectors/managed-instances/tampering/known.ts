import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { type Deed, doerOf, failedIn, shownIn, toldOf } from "../../core/deed.ts";
import { CLOSES } from "../../core/ec2-changes.ts";
import { withoutLast } from "../../core/epoch.ts";
import { joinHalf } from "../../ledger/contracts.ts";
import { changesOf, isAutomation, sweepOf, Tools } from "../auto-resource.ts";

/** B-29 by the ledger: which resources are managed is known from their making, or from a node's own work in the cluster. */
export const learned = joinHalf({
  watch: "resourceDay",
  match: ["managed", "touched"],
  params: Tools,
  detect([managed, touched], { params, id: day }) {
    const id = withoutLast(day);
    const { api, what, outcome, error } = touched;
    const failed = failedIn(touched);
    const doing = { actor: doerOf(touched), time: Date.parse(touched.time), instances: Number(touched.instances) };
    const sweep = sweepOf(doing, params);
    const excuses = [...(sweep === undefined ? [] : [sweep.note]), ...(what === CLOSES ? [CLOSES] : [])];
    const did = `${api}${what === "" ? "" : ` (${what})`} on ${id}`;
    const { by, on } = sweep ?? changesOf(doing);
    const why = failed ? ` (${error || outcome})` : "";
    return {
      ...toldOf(touched),
      of: { kind: "resource", id },
      ...{ by, on, bounded: true, target: id },
      sentence: `${nameOf(doing.actor)} ${failed ? "tried" : "got through with"} ${did}, which EKS Auto Mode of ${managed.cluster} manages${why}`,
      severity: failed && excuses.length > 0 ? "low" : severityOf(touched, failed),
      confidence: "high",
      evidence: [
        { field: "resource.managed", value: `${id} of ${managed.cluster}: ${managed.how}`, event: managed.source },
        ...shownIn(touched),
      ],
      reasons: [`${did}: ${outcome}`],
      notExempted: excuses,
    };
  },
});

function severityOf({ api, kind, via }: Deed, failed: boolean): Severity {
  // Tags may be changed by whoever IAM lets: taking EKS's own away breaks no rule of EC2's.
  if (api === "ec2:DeleteTags") return failed ? "medium" : "high";
  if (!failed) return "critical";
  return kind !== "root" && isAutomation(kind, via) ? "medium" : "high";
}
