import Type from "typebox";
import { ENVELOPES, Envelope } from "../../core/component-envelopes.ts";
import { componentOf } from "../../core/component-shape.ts";
import { settledHalf } from "../../ledger/contracts.ts";
import { LONE, lonely, onNode } from "../lone-node.ts";

export const params = Type.Object({
  envelopes: Type.Array(Envelope, {
    default: ENVELOPES,
    description: "What each component is known to do; `component` is the name after `eks-auto:` and its kin.",
  }),
  confirmed: Type.Array(Type.String(), {
    default: [],
    description: "Components whose envelope was checked against this cluster's own log: outside of it is an alarm.",
  }),
});

/** B-21 f by the ledger: a platform update widens what a component does on many nodes; what one node's component does alone is that node's. */
export const learned = settledHalf({
  ...LONE,
  anchor: "did",
  params,
  detect(entity, { id, params: { envelopes, confirmed } }) {
    const others = lonely(entity.all("did"), entity, ({ name, verb, resource }) => `${name} ${verb} ${resource}`);
    return (act) => {
      const { node, name, verb, resource, time, needless, source } = act;
      const component = componentOf(name) ?? "";
      const own = envelopes.filter((envelope) => envelope.component === component);
      const within = own.some(({ verbs, resources }) => verbs.includes(verb) && resources.includes(resource));
      const rest = others(act);
      // Of a component whose envelope is confirmed, every request tells by itself; an unlisted name is another finding.
      if (rest === undefined || own.length === 0 || within || confirmed.includes(component)) return [];
      const what = `${name} to ${verb} ${resource}`;
      return [
        {
          ...onNode(act, id),
          sentence: `node ${node} acted as ${what}, which none of ${rest} other nodes did`,
          on: `${name} ${needless === "yes" ? "beyond any component" : "outside of its envelope"}`,
          action: verb,
          evidence: [{ field: "impersonatedUser.username", value: `${time} ${node} as ${what}`, event: source }],
          reasons: [`${what}: outside of its inferred envelope, and done by no other node within a day`],
        },
      ];
    };
  },
});
