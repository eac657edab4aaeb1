import { stringsOf } from "../../../schemas/events/cloudtrail/facets/ec2.ts";
import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import { INSTANCE_ID } from "../../../schemas/events/event.ts";
import { succeeded } from "../../../schemas/events/k8s-audit/request.ts";
import { at } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, nodeId, timeOf } from "../learner.ts";
import { WEEK_MS, weekOf } from "../weeks.ts";

const DAY_MS = 24 * 3_600_000;

/** NodeClasses written by anybody but EKS. What they say is in no log (eks-auto-mode.md §1.2), and EKS reports their state in `/status`. */
export const classesWritten: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ resource, verb }) => resource === "nodeclasses" && ["create", "update", "patch"].includes(verb),
  learn(request) {
    const { customResource } = request.facets;
    const { actor, actingAs, scope, verb, dryRun } = request;
    if (customResource?.kind !== "nodeclass" || customResource.subresource === "status") return [];
    if (dryRun || !succeeded(request) || customResource.name === "") return [];
    // EKS by its own names and its service-linked role (§2.2, §2.3); a certificate says whatever its signer let it say.
    const platform = actor.kind === "control-plane" && !actor.credentialId?.startsWith("X509");
    if (platform && actingAs === undefined) return [];
    const [by, who] = [actor.name, nameOf(actor)].map((name) =>
      actingAs === undefined ? name : `${name} as ${nameOf(actingAs)}`,
    ) as [string, string];
    const written = {
      who,
      ...{ time: timeOf(request), by, arn: actor.arn ?? "", role: actor.roleArn ?? "", kind: actor.kind, verb },
    };
    return [...new Set([request.time, request.time + DAY_MS].map(weekOf))].map((week) => {
      const id = idOf("classWeek", [scope.account, scope.region, scope.cluster, customResource.name, week]);
      return about("classWeek", id, request)("written", written);
    });
  },
};

/** What EC2 launches by a NodeClass: told of its week, and by the day of the next, where many launches would leave no room for its own. Who tags by hand is no operator (B-50). */
export const classLaunches: CallLearner = {
  trail: "cloudtrail",
  trigger: '"(?:RunInstances|CreateFleet|CreateLaunchTemplate)"',
  learn(call) {
    const { ec2Call } = call.facets;
    if (ec2Call === undefined || call.outcome !== "success" || !LAUNCHES.has(call.action)) return [];
    if (!["eks.amazonaws.com", "ec2fleet.amazonaws.com"].includes(call.actor.invokedBy ?? call.viaService ?? ""))
      return [];
    const tags = new Map(ec2Call.tags.map(({ key, value }) => [key, value]));
    const name = tags.get("eks:kubernetes-node-class-name") ?? "";
    const cluster = tags.get("eks:eks-cluster-name") ?? "";
    if (name === "" || cluster === "") return [];
    const { account, region } = call.scope;
    const time = timeOf(call);
    const instances = stringsOf(call.responseElements).filter((id) => INSTANCE_ID.test(id));
    const launch = { time, api: call.action, ...looksOf(call) };
    const weekOn = (ms: number): string => idOf("classWeek", [account, region, cluster, name, weekOf(ms)]);
    const [now, next] = [weekOn(call.time), weekOn(call.time + WEEK_MS)];
    return [
      about("classWeek", now, call)("launch", launch),
      about("classWeek", next, call)("earlier", launch),
      ...[...new Set(instances)].flatMap((instance) => {
        const tell = about("node", nodeId(instance), call);
        return [tell("built", { id: now, time }), tell("built", { id: next, time: `${time.slice(0, 10)}T00:00:00Z` })];
      }),
    ];
  },
};

const LAUNCHES: ReadonlySet<string> = new Set(["RunInstances", "CreateFleet", "CreateLaunchTemplate"]);
const MAX_VALUES = 2_000;

interface Looks {
  readonly groups: string;
  readonly subnets: string;
  readonly public: string;
  readonly profile: string;
  readonly keys: string;
  readonly images: string;
}

/** What a launch looks like, from wherever request and answer show it: each call nests it in another way, and capitalises it in another (§4.2; the shapes
 * are those of self-managed Karpenter and of the API model, none of Auto Mode's own was seen). */
function looksOf({ requestParameters, responseElements }: AwsCall): Looks {
  const leaves = [...leavesOf(requestParameters), ...leavesOf(responseElements)];
  const all = (fits: (leaf: Leaf) => boolean): string =>
    [...new Set(leaves.filter(fits).map(({ text }) => text))].sort().join(" ");
  return {
    groups: all(({ text }) => /^sg-[0-9a-f]{8,17}$/.test(text)),
    subnets: all(({ text }) => /^subnet-[0-9a-f]{8,17}$/.test(text)),
    images: all(({ text }) => /^ami-[0-9a-f]{8,17}$/.test(text)),
    public: all(({ path, text }) => path.endsWith("/associatepublicipaddress") && text === "true"),
    keys: all(({ path, text }) => path.endsWith("/kmskeyid") && text !== ""),
    profile: all(({ path }) => /\/iaminstanceprofile\/(?:name|arn)$/.test(path)).replace(/\S*\//g, ""),
  };
}

interface Leaf {
  /** Names of the keys above it, in lower case. */
  readonly path: string;
  readonly text: string;
}

function leavesOf(root: unknown): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const queue: { readonly value: unknown; readonly path: string }[] = [{ value: root, path: "" }];
  for (let next = 0; next < queue.length && next < MAX_VALUES; next += 1) {
    const { value, path } = queue[next] as (typeof queue)[number];
    if (value === null || typeof value !== "object") leaves.push({ path, text: String(value ?? "") });
    else
      for (const key of Object.keys(value)) queue.push({ value: at(value, key), path: `${path}/${key.toLowerCase()}` });
  }
  return leaves;
}
