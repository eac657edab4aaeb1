import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { doerOf, failedIn, shownIn, toldOf } from "../../core/deed.ts";
import { lowered } from "../../core/weight.ts";
import { joinHalf, type LedgerContext, type LedgerHit, type Match } from "../../ledger/contracts.ts";

export const params = Type.Object({
  deployers: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: "Names of roles that set these roles up by CloudFormation: low, through it only.",
  }),
});

/** B-49, the preparation, by the ledger: the role of a cluster is known from its making, and from EKS's own work with it; … */
export const ofCluster = joinHalf({
  watch: "roleUse",
  match: ["purpose", "changed"],
  params,
  detect: (values, context) => hitOf(values, context, "cluster"),
});

/** … that of its nodes from their work. */
export const ofNodes = joinHalf({
  watch: "roleFleet",
  match: ["purpose", "changed"],
  params,
  detect: (values, context) => hitOf(values, context, "node"),
});

function hitOf(
  [{ cluster, how, source }, changed]: Match<"roleUse", readonly ["purpose", "changed"]>,
  { id, params: { deployers } }: LedgerContext<{ readonly deployers: readonly string[] }>,
  kind: "cluster" | "node",
): LedgerHit {
  const [, role = ""] = id.split("/");
  const actor = doerOf(changed);
  const failed = failedIn(changed);
  const deployed = changed.via === "cloudformation.amazonaws.com" && deployers.includes(actor.roleName ?? "");
  return {
    ...toldOf(changed),
    sentence: `${nameOf(actor)} ${failed ? "tried" : "did"} ${changed.api} on ${kind} role ${role} of ${cluster}: ${changed.what}`,
    on: `${changed.api.split(":")[1]} role/${role}`,
    target: role,
    // A cluster being set up gives its roles policies, too: of a role that nobody declared, only what no set-up does is worth more than a line.
    severity: deployed || changed.worth === "medium" ? "low" : lowered(changed.worth as Severity, failed ? 1 : 0),
    confidence: "high",
    evidence: [{ field: "role.purpose", value: `${role} of ${cluster}: ${how}`, event: source }, ...shownIn(changed)],
    reasons: [`${role} is the ${kind} role of ${cluster}: ${how}`],
    notExempted: deployed ? [`${actor.roleName} deploys by CloudFormation`] : [],
  };
}
