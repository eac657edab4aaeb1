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
  detect(entity, { id, params: { components } }) {
    const others = lonely(entity.all("named"), entity, ({ name }) => name);
    return (act) => {
      const { node, name, time, source } = act;
      const rest = others(act);
      if (rest === undefined || components.includes(componentOf(name) ?? "")) return [];
      return [
        {
          ...onNode(act, id),
          sentence: `node ${node} acted as ${name}, a component that none of ${rest} other nodes has`,
          ...{ on: `as ${name.toLowerCase()}`, action: "impersonate" },
          evidence: [{ field: "impersonatedUser.username", value: `${time} ${node} as ${name}`, event: source }],
          reasons: ["a component name that is not listed, and that no other node used within a day"],
        },
      ];
    };
  },
});
