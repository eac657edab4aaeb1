import Type, { type Static } from "typebox";
import { deniedResource } from "../../schemas/events/cloudtrail/denied-resource.ts";
import { stringsOf } from "../../schemas/events/cloudtrail/facets/ec2.ts";
import type { Actor } from "../../schemas/events/event.ts";
import type { EventOn } from "../core/contracts.ts";
import type { Site } from "../core/site.ts";

export type Ec2Event = EventOn<"ec2Call">;

/** Tags by which Auto Mode knows its own (eks-auto-mode.md §4.2). */
export const OPERATOR_TAGS: ReadonlySet<string> = new Set([
  "eks:eks-cluster-name",
  "eks:kubernetes-node-pool-name",
  "eks:kubernetes-node-class-name",
  "eks:kubernetes-cni-node-name",
]);

/** A resource that Auto Mode manages, or seems to. `declared`: by the configuration; `proven`: by the record; `refused`: a policy of the
 * resource itself refused the call, as managed resources do (§4.3, the text is inferred); `unexplained`: refused without a reason. */
export interface Owned {
  readonly ids: readonly string[];
  readonly how: "declared" | "proven" | "refused" | "unexplained";
  readonly why: string;
}

/** Kinds of resource that carry an operator. */
export const MANAGED: ReadonlySet<string> = new Set(["instance", "volume", "network-interface", "launch-template"]);

/** How a managed resource refuses, as far as it can be told from EC2's tests and documentation; nobody published such a record. Who is refused
 * chooses parts of the text: it raises only. */
const REFUSAL = /explicit deny in a resource-based policy|\beks\.amazonaws\.com\b/;

export function ownedIn(call: Ec2Event, site: Site): Owned | undefined {
  const { resources, proof } = call.facets.ec2Call;
  const ids = resources.map(({ id }) => id);
  const answered = site.resources.size > 0 ? stringsOf(call.responseElements) : [];
  const declared = [...new Set([...ids, ...answered])].filter((id) => site.resources.has(id));
  if (declared.length > 0) return { ids: declared, how: "declared", why: "declared in auto.resources" };
  if (proof !== undefined) {
    // A launch template may be named instead of numbered.
    const named = /^launch template (.+)$/.exec(proof)?.slice(1) ?? [];
    return { ids: ids.length > 0 ? ids : named, how: "proven", why: proof };
  }
  if (call.outcome !== "denied" || !aboutManagedKind(call)) return undefined;
  if (REFUSAL.test(call.message)) {
    const why = "refused by a policy of the resource itself, as resources are that an AWS service manages";
    return { ids, how: "refused", why };
  }
  // Where EC2 tells the reason, it names a policy of the caller or of the organisation: that proves nothing.
  const told = /\bpolicy\b|\bpermissions boundary\b/.test(call.message);
  return told ? undefined : { ids, how: "unexplained", why: "refused without a reason" };
}

/** EC2 has other resources with policies of their own, shared subnets for one. */
function aboutManagedKind(call: Ec2Event): boolean {
  const kind = /:([a-z-]+)\//.exec(deniedResource(call))?.[1];
  return kind === undefined ? call.facets.ec2Call.resources.some(({ type }) => MANAGED.has(type)) : MANAGED.has(kind);
}

/** Whose call it is, for weighing: robots with a role of their own look like people. */
export const isAutomation = (kind: string, via: string | undefined): boolean =>
  ["pod", "web-identity", "control-plane", "aws-service"].includes(kind) || Boolean(via);

export const Tools = Type.Object({
  sweepers: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: "Role names or ARNs of tools that go over all instances: low, one finding a day.",
  }),
  manyInstances: Type.Integer({
    minimum: 2,
    default: 5,
    description: "Instances in one call from which on it is a tool's.",
  }),
});

interface Doing {
  readonly actor: Actor;
  /** ms. */
  readonly time: number;
  /** How many instances the call names. */
  readonly instances: number;
}

export const doingOf = ({ actor, time, facets: { ec2Call } }: Ec2Event): Doing => ({
  ...{ actor, time, instances: ec2Call.resources.filter(({ type }) => type === "instance").length },
});

/** A tool that goes over everything: backup, tagging, cost, auto-stop, remediation. One finding a principal and day, however many keys and
 * resources. Known by name, or by naming many instances in one call; the root user is nobody's tool. */
export function sweepOf(
  { actor, time, instances }: Doing,
  { sweepers, manyInstances }: Static<typeof Tools>,
): { by: string; on: string; note: string } | undefined {
  const names = [actor.roleName, actor.roleArn, actor.arn, actor.name];
  const listed = sweepers.some((name) => names.includes(name));
  if (actor.kind === "root" || !(listed || instances >= manyInstances)) return undefined;
  return {
    by: `principal/${actor.roleName ?? actor.arn ?? actor.name}`,
    on: `all instances, ${dayOf(time)}`,
    note: listed ? `${actor.roleName ?? actor.name} is listed in sweepers` : `${instances} instances in one call`,
  };
}

/** One finding a principal and day, whatever keys he has and whatever he tries. */
export const changesOf = ({ actor, time }: Pick<Doing, "actor" | "time">): { by: string; on: string } => ({
  by: `principal/${actor.arn ?? actor.name}`,
  on: `changes to EC2, ${dayOf(time)}`,
});

export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** Ids in a sentence. */
export const idsIn = (ids: readonly string[]): string => {
  if (ids.length === 0) return "a resource";
  return ids.length > 3 ? `${ids.slice(0, 3).join(", ")} and ${ids.length - 3} more` : ids.join(", ");
};
