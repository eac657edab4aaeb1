import type { Scope } from "../../../schemas/events/event.ts";
import { nameOf } from "../../core/actors.ts";
import type { AttributeName, ValueOf } from "../entities.ts";
import { type Fact, idOf } from "../facts.ts";
import { about, type CallLearner, keyId, timeOf } from "../learner.ts";

const DAY_MS = 24 * 60 * 60_000;

/** The access entry of a principal, on the day of an event and on the next: what is granted, used and revoked within a day meets in one of them. IAM does
 * not know two roles of one name in an account, and the authenticator leaves their path out. */
export function tellGrant(scope: Scope, arn: string, event: { readonly id: string; readonly time: number }) {
  const { account, region, cluster } = scope;
  const principal = arn.replace(/:(role|user)\/.*\//, ":$1/");
  return <A extends AttributeName<"grant">>(attribute: A, value: ValueOf<"grant", A>): readonly Fact[] =>
    [event.time, event.time + DAY_MS].flatMap((time) => {
      const day = timeOf({ time }).slice(0, 10);
      const tell = about("grant", idOf("grant", [account, region, cluster, principal, day]), event);
      return [tell("entry", { account, region, cluster, principal, day }), tell(attribute, value)];
    });
}

/** Access entries and their policies: who let whom into a cluster, and who took it back (eks-auto-mode.md §7, seen). */
export const grants: CallLearner = {
  trail: "cloudtrail",
  trigger: "AccessEntry|AccessPolicy",
  learn(call) {
    const { accessEntry } = call.facets;
    if (accessEntry === undefined || accessEntry.principalArn === "" || call.outcome !== "success") return [];
    const { actor, action, scope } = call;
    const tell = tellGrant({ ...scope, cluster: accessEntry.cluster }, accessEntry.principalArn, call);
    const what = accessEntry.policyArn.replace(/^.*\//, "") || accessEntry.groups.join(" ") || "an access entry";
    const told = { time: timeOf(call), by: nameOf(actor), action, what };
    if (/^(?:Delete|Disassociate)/.test(action)) return tell("revoked", told);
    const key = actor.accessKeyId === undefined ? "" : keyId(actor.accessKeyId, call);
    return tell("granted", { ...told, key, role: actor.roleArn ?? actor.arn ?? "" });
  },
};

/** Pod Identity associations: which role a service account has. Shape from the API model (eks-auto-mode.md §7). */
export const associations: CallLearner = {
  trail: "cloudtrail",
  trigger: "PodIdentityAssociation",
  learn(call) {
    const { podIdentityAssociation: association } = call.facets;
    if (association === undefined || call.outcome !== "success" || call.action.startsWith("Delete")) return [];
    const account = `${association.namespace}/${association.serviceAccount}`;
    return [association.roleArn, association.targetRoleArn]
      .filter((arn) => arn !== "")
      .map((arn) =>
        about(
          "role",
          idOf("role", [arn]),
          call,
        )("associated", {
          ...{ time: timeOf(call), cluster: association.cluster, account, by: nameOf(call.actor) },
        }),
      );
  },
};
