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
  detect(entity, context) {
    const { envelopes, confirmed } = context.params;
    // Of a component whose envelope is confirmed, every request tells by itself; an unlisted name is another finding.
    const did = entity.all("did").filter(({ name, verb, resource }) => {
      const component = componentOf(name) ?? "";
      const own = envelopes.filter((envelope) => envelope.component === component);
      const within = own.some(({ verbs, resources }) => verbs.includes(verb) && resources.includes(resource));
      return own.length > 0 && !within && !confirmed.includes(component);
    });
    const what = (act: (typeof did)[number]): string => `${act.name} ${act.verb} ${act.resource}`;
    return lonely(did, entity, context, what).map(({ act, others }) => ({
      ...onNode(act, context.id),
      sentence: `node ${act.node} acted as ${act.name} to ${act.verb} ${act.resource}, which none of ${others} other nodes did`,
      on: `${act.name} ${act.needless === "yes" ? "beyond any component" : "outside of its envelope"}`,
      action: act.verb,
      evidence: [
        { field: "impersonatedUser.username", value: `${act.time} ${act.node} as ${what(act)}`, event: act.source },
      ],
      reasons: [`${what(act)}: outside of its inferred envelope, and done by no other node within a day`],
    }));
  },
});
