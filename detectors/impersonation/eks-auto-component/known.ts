import Type from "typebox";
import { COMPONENTS } from "../../core/component-envelopes.ts";
import { componentOf } from "../../core/component-shape.ts";
import { settledHalf } from "../../ledger/contracts.ts";
import { LONE, lonely, onNode } from "../lone-node.ts";

export const params = Type.Object({
  components: Type.Array(Type.String(), {
    default: [...COMPONENTS],
    description: "Names after `eks-auto:` (and its kin) that the cluster's nodes are known to use.",
  }),
});

/** B-21 d by the ledger: a platform update brings its new component to many nodes; a name that one node alone uses came another way. */
export const learned = settledHalf({
  ...LONE,
  anchor: "named",
  params,
  detect(entity, context) {
    const { components } = context.params;
    const named = entity.all("named").filter(({ name }) => !components.includes(componentOf(name) ?? ""));
    return lonely(named, entity, context, ({ name }) => name).map(({ act, others }) => ({
      ...onNode(act, context.id),
      sentence: `node ${act.node} acted as ${act.name}, a component that none of ${others} other nodes has`,
      on: `as ${act.name.toLowerCase()}`,
      action: "impersonate",
      evidence: [
        { field: "impersonatedUser.username", value: `${act.time} ${act.node} as ${act.name}`, event: act.source },
      ],
      reasons: ["a component name that is not listed, and that no other node used within a day"],
    }));
  },
});
