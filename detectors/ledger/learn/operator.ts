import { canonicalAddress } from "../../../schemas/address.ts";
import { byService } from "../../../schemas/events/cloudtrail/call.ts";
import { stringsOf } from "../../../schemas/events/cloudtrail/facets/ec2.ts";
import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import { UNKNOWN } from "../../../schemas/events/event.ts";
import { list, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { deedOf } from "../../core/deed.ts";
import { attributeSet, CLOSES, DISTURBANCE, metadataOpened, TAKEOVER } from "../../core/ec2-changes.ts";
import { type Fact, idOf } from "../facts.ts";
import { about, type CallLearner, nodeId, timeOf } from "../learner.ts";
import { onResource } from "./resource-day.ts";

/** What EKS tags all that it makes with (eks-auto-mode.md §4.2). */
export const TAGS = {
  cluster: "eks:eks-cluster-name",
  pool: "eks:kubernetes-node-pool-name",
  class: "eks:kubernetes-node-class-name",
  node: "eks:kubernetes-cni-node-name",
} as const;

/** Made for Auto Mode by EKS itself: the cluster role or the service-linked role, through an AWS service (eks-auto-mode.md §4.1). Whoever sets the tags
 * by hand is no operator, and proves nothing (B-50). */
export const byOperator = ({ actor, viaService }: AwsCall): boolean =>
  ["eks.amazonaws.com", "ec2fleet.amazonaws.com"].includes(actor.invokedBy ?? viaService ?? "");

/** EC2 launching and ending what Auto Mode owns: instances, and what is created with the same tags. Shapes of self-managed Karpenter, none of Auto
 * Mode's own was seen (eks-auto-mode.md §8.3). */
export const operator: CallLearner = {
  trail: "cloudtrail",
  trigger:
    '"(?:RunInstances|CreateFleet|TerminateInstances|CreateVolume|CreateNetworkInterface|CreateLaunchTemplate|CreateSnapshot)"',
  learn(call) {
    if (call.facets.ec2Call === undefined || call.outcome !== "success") return [];
    if (call.action === "TerminateInstances") return terminated(call);
    const tags = tagsIn(call);
    const cluster = madeFor(call);
    if (call.action === "RunInstances" && !byService(call) && call.actor.invokedBy === undefined) return ran(call);
    if (!byOperator(call) || cluster === undefined) return [];
    const made = stringsOf(call.responseElements).filter((id) => /^(?:i|vol|eni|lt)-[0-9a-f]{8,17}$/.test(id));
    return [...new Set(made)].flatMap((id) => [
      about("resource", idOf("resource", [id]), call)("managed", { how: `made by ${call.action}`, cluster }),
      ...(id.startsWith("i-") ? launched(call, id, tags, cluster) : []),
      ...addressesOf(call, id).map((ip) => about("node", nodeId(id), call)("ip", { ip })),
    ]);
  },
};

const tagsIn = ({ facets }: AwsCall): ReadonlyMap<string, string> =>
  new Map((facets.ec2Call?.tags ?? []).map(({ key, value }) => [key, value]));

/** The cluster whose Auto Mode a call makes something for; undefined for any other. The interfaces of nodes name their node (eks-auto-mode.md §4.2), and may leave the
 * cluster to the tag that every controller sets. */
export function madeFor(call: AwsCall): string | undefined {
  const tags = tagsIn(call);
  // Karpenter that somebody runs themselves sets the cluster's tag too, and its own NodeClass beside it.
  if (tags.has("karpenter.k8s.aws/ec2nodeclass")) return undefined;
  const named = tags.get(TAGS.cluster);
  if (named !== undefined || !tags.has(TAGS.node)) return named;
  const shared = [...tags.keys()].find((key) => key.startsWith("kubernetes.io/cluster/"));
  return shared?.slice("kubernetes.io/cluster/".length) ?? UNKNOWN;
}

const launched = (call: AwsCall, id: string, tags: ReadonlyMap<string, string>, cluster: string): Fact[] => [
  about(
    "node",
    nodeId(id),
    call,
  )("launched", {
    ...{ time: timeOf(call), by: nameOf(call.actor), cluster },
    pool: tags.get(TAGS.pool) ?? "",
    class: tags.get(TAGS.class) ?? "",
  }),
  about("node", nodeId(id), call)("cluster", { cluster }),
];

/** What EC2 says an instance's addresses are: the instance has no say in it. */
const addressesOf = (call: AwsCall, instance: string): readonly string[] => {
  const items = list(call.responseElements, "instancesSet", "items");
  const own = items.filter((item) => text(item, "instanceId") === instance);
  return stringsOf(own).filter((value) => canonicalAddress(value) === value && !/^\d+$/.test(value));
};

/** Instances that somebody launches through no service: of Auto Mode they are not, whatever their tags say. */
const ran = (call: AwsCall): Fact[] => {
  const { actor, sourceIP: ip = "" } = call;
  const { kind, arn = "", accessKeyId: key = "" } = actor;
  const made = new Set(stringsOf(call.responseElements).filter((id) => /^i-[0-9a-f]{8,17}$/.test(id)));
  const fact = { time: timeOf(call), by: nameOf(actor), kind, arn, key, ip };
  return [...made].map((id) => about("node", nodeId(id), call)("ran", fact));
};

const terminated = (call: AwsCall): Fact[] =>
  list(call.requestParameters, "instancesSet", "items").flatMap((item) => {
    const id = text(item, "instanceId");
    const fact = { time: timeOf(call), by: nameOf(call.actor) };
    return id === undefined ? [] : [about("node", nodeId(id), call)("terminated", fact)];
  });

/** Changes tried by anybody else, on whatever they name: a finding where the ledger knows it as Auto Mode's (B-29). Tags that are not EKS's may be
 * changed by anybody (eks-auto-mode.md §4.3), and cost tools do so all day. */
export const touches: CallLearner = {
  trail: "cloudtrail",
  trigger: '"ec2\\.amazonaws\\.com"',
  learn(call) {
    const what = changeIn(call);
    if (call.facets.ec2Call === undefined || what === undefined || byOperator(call)) return [];
    const resources = call.facets.ec2Call.resources.filter(({ type }) => MANAGED.has(type));
    const instances = resources.filter(({ type }) => type === "instance").length;
    const touched = { ...deedOf(call), what, instances: `${instances}` };
    return resources.flatMap(({ id }) => onResource(id, call)("touched", touched));
  },
};

/** Kinds of resource that carry an operator. */
const MANAGED: ReadonlySet<string> = new Set(["instance", "volume", "network-interface", "launch-template"]);

/** What a call would change, in words where they say more than its name; undefined for one that changes nothing that EC2 guards. */
function changeIn(call: AwsCall): string | undefined {
  const { action, facets } = call;
  if (action === "DeleteTags") {
    const keys = (facets.ec2Call?.tags ?? []).map(({ key }) => key);
    const own = keys.filter((key) => key.startsWith("eks:"));
    // All go when the call names none.
    if (keys.length > 0 && own.length === 0) return undefined;
    return own.join(", ") || "all tags";
  }
  if (!TAKEOVER.has(action) && !DISTURBANCE.has(action)) return undefined;
  const opened = metadataOpened(call);
  return opened === "" ? CLOSES : (opened ?? attributeSet(call));
}
