import Type, { type Static } from "typebox";
import type { Actor } from "../../../schemas/events/event.ts";
import { doerOf, shownIn, toldOf } from "../../core/deed.ts";
import { joinHalf } from "../../ledger/contracts.ts";

export const params = Type.Object({
  pipelines: Type.Array(
    Type.Object(
      {
        role: Type.String({ description: "Name of the role." }),
        session: Type.String({ description: "Its session's name; a trailing `*` is any ending." }),
      },
      { additionalProperties: false },
    ),
    { default: [], description: "Infrastructure pipelines: their ordinary associations are not reported." },
  ),
  accounts: Type.Array(Type.String({ pattern: "^[0-9]{12}$" }), {
    default: [],
    description: "Accounts in which target roles may live, beside the cluster's own.",
  }),
});

/** A listed infrastructure pipeline: by its role and its session's name together. */
export const isPipeline = (
  { roleName, sessionName }: Pick<Actor, "roleName" | "sessionName">,
  pipelines: Static<typeof params>["pipelines"],
): boolean => pipelines.some(({ role, session }) => roleName === role && fits(sessionName, session));

const fits = (session: string | undefined, pattern: string): boolean =>
  pattern.endsWith("*") ? (session?.startsWith(pattern.slice(0, -1)) ?? false) : session === pattern;

const MINUTE_MS = 60_000;
/** detections.md B-10. */
const USE_MS = 120 * MINUTE_MS;
/** Entries are told by ten minutes, other writes by the minute: it may have been so much later. */
const WITHIN_MS = (how: string): number => (how.startsWith("entered ") ? 10 : 1) * MINUTE_MS;

/** B-10: whoever gave the service account its role puts it to use himself: by a pod, by what makes pods, or by getting into one. */
export const learned = joinHalf({
  watch: "assignment",
  match: ["given", "put"],
  params,
  detect([given, put], { id, params: { pipelines } }) {
    const actor = doerOf(given);
    const oneself = put.by === given.name || (put.key !== "" && put.key === given.key);
    const after = Date.parse(put.time) - Date.parse(given.time);
    const inTime = after > -WITHIN_MS(put.how) && after <= USE_MS;
    // EKS itself, for an add-on.
    if (!oneself || !inTime || isPipeline(actor, pipelines) || given.via === "eks.amazonaws.com") return undefined;
    const [, , cluster = "", namespace = "", account = ""] = id.split("/");
    const whom = `${namespace}/${account}`;
    return {
      ...toldOf(given),
      sentence: `${given.name} ${given.what} the Pod Identity association of ${whom} with role ${given.target}, and then: ${put.how}`,
      on: `associations/${cluster}/${given.on}`,
      target: cluster,
      // Robots and stacks make both as a matter of course.
      severity: ["human", "root"].includes(given.kind) && given.via === "" ? "high" : "low",
      evidence: [
        { field: "assignment.given", value: `${given.time} ${whom} ${given.target}`, event: given.source },
        { field: "assignment.put", value: `${put.time} ${put.by}: ${put.how}`, event: put.source },
        ...shownIn(given),
      ],
      reasons: [
        `by the same ${put.by === given.name ? "principal" : "key"} within two hours: ${put.how} (${put.time})`,
      ],
    };
  },
});
