import { nameOf } from "../../core/actors.ts";
import { ROTATION_MS } from "../../core/settle-times.ts";
import { epochsOf } from "../epochs.ts";
import { decode, idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, timeOf } from "../learner.ts";
import { dayIn } from "./acts.ts";
import { operator } from "./operator.ts";

/** Which pool a node is of, where EKS launched it. */
export const nodesOfPools: CallLearner = {
  ...operator,
  learn: (call) =>
    operator.learn(call).flatMap((fact) => {
      if (fact.kind !== "node" || fact.attribute !== "launched") return [];
      const { time = "", cluster = "", pool = "" } = decode(fact.kind, fact.attribute, fact.value);
      const { account, region } = call.scope;
      return pool === "" ? [] : [about("node", fact.id, call)("pooled", { time, account, region, cluster, pool })];
    }),
};

/** Changes of NodePools that took effect, by whomever but EKS; what they say is not in the log (eks-auto-mode.md §1.2). GitOps tools patch them all day
 * long: a day of theirs is one fact. */
export const poolsWritten: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ resource, subresource, verb, status }) =>
    resource === "nodepools" &&
    subresource === "" &&
    ["create", "update", "patch"].includes(verb) &&
    status.includes('"code":20'),
  same: (peeked, { account, region, cluster }) =>
    `pool ${account}/${region}/${cluster} ${peeked.verb} ${peeked.uri} ${peeked.users} ${peeked.status} ${dayIn(peeked)}`,
  learn(request) {
    const { actor, actingAs, object, verb, outcome, code, dryRun, scope, time } = request;
    const { account, region, cluster } = scope;
    const byEks = actor.kind === "control-plane" && actingAs === undefined;
    if (object.group !== "karpenter.sh" || object.name === "" || byEks || dryRun || outcome !== "success") return [];
    const { kind, name } = actor;
    const made = code === 201 ? "create" : verb;
    const told = { time: timeOf(request), pool: object.name, by: nameOf(actor), kind, name, verb: made };
    return epochsOf(time, ROTATION_MS).flatMap((epoch) => {
      const tell = about("rotation", idOf("rotation", [account, region, cluster, epoch]), request);
      return [tell("of", { cluster, epoch }), tell("written", told)];
    });
  },
};
