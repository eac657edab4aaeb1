import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import { num, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { outletOf } from "../egress.ts";
import { type Fact, idOf } from "../facts.ts";
import {
  about,
  type CallLearner,
  dayOf,
  exchangeIds,
  keyId,
  nameDayId,
  nodeId,
  placeId,
  podDayId,
  podId,
  podNameId,
  timeOf,
} from "../learner.ts";
import { KEY_LIFE_MS } from "../use-time.ts";
import { ANY_API, WEEK_MS, weekOf } from "../weeks.ts";
import { tellUse } from "./uses.ts";

const DAY_MS = 24 * 3_600_000;

/** STS handing out credentials: to whom, and which key (detections.md 0.3: the issuance ledger). The answer's key is what later calls carry. */
export const issued: CallLearner = {
  trail: "cloudtrail",
  trigger: '"AssumeRole[A-Za-z]*"',
  learn(call) {
    const { stsIssue } = call.facets;
    if (stsIssue === undefined || call.outcome !== "success") return [];
    const by = stsIssue.invokedBy ?? nameOf(call.actor);
    if (stsIssue.invokedBy === "pods.eks.amazonaws.com") return toPod(call);
    const instance = stsIssue.invokedBy === "ec2.amazonaws.com" ? stsIssue.sessionName : undefined;
    return [
      ...(stsIssue.issuedKey === undefined
        ? []
        : [
            about(
              "key",
              keyId(stsIssue.issuedKey, call),
              call,
            )("issued", {
              ...{ time: timeOf(call), by, role: stsIssue.roleName, whom: stsIssue.sessionName },
              to: instance === undefined ? call.actor.kind : "node",
            }),
          ]),
      ...(instance === undefined || stsIssue.issuedKey === undefined
        ? []
        : [about("node", nodeId(instance), call)("key", { id: keyId(stsIssue.issuedKey, call) })]),
      ...(instance === undefined && stsIssue.roleArn !== "" ? assumed(call, by) : []),
    ];
  },
};

function assumed(call: AwsCall, by: string): Fact[] {
  const { roleArn = "", sessionName = "", invokedBy } = call.facets.stsIssue ?? {};
  const role = idOf("role", [roleArn]);
  const day = idOf("roleDay", [role, dayOf(call)]);
  const tell = about("roleDay", day, call);
  const caller = invokedBy ?? call.actor.arn ?? call.actor.name;
  return [
    about("role", role, call)("day", { id: day }),
    tell("of", { id: role }),
    tell("assumed", { time: timeOf(call), by, kind: call.actor.kind, session: sessionName, caller }),
  ];
}

/** EKS Auth opening a session for a pod: the tags name the pod, unless its association turns them off (eks-auto-mode.md §3.2, seen). */
function toPod(call: AwsCall): Fact[] {
  const { stsIssue } = call.facets;
  if (stsIssue === undefined) return [];
  const tags = new Map(stsIssue.tags.map((tag) => [tag.key, tag.value]));
  const cluster = clusterOf(tags.get("eks-cluster-arn") ?? "", call);
  const uid = tags.get("kubernetes-pod-uid");
  const session = stsIssue.issuedPrincipal;
  const key = stsIssue.issuedKey === undefined ? undefined : keyId(stsIssue.issuedKey, call);
  const pod = uid === undefined ? undefined : podId(cluster, uid);
  const exchanges = exchangeIds(cluster, call);
  const namespace = tags.get("kubernetes-namespace") ?? "";
  const name = tags.get("kubernetes-pod-name") ?? "";
  const facts = key === undefined ? [] : keyOfPod(call, key, cluster, pod, `${namespace}/${name}`);
  if (pod === undefined) return facts;
  const tell = about("pod", pod, call);
  const serviceAccount = tags.get("kubernetes-service-account") ?? "";
  return [
    ...facts,
    tell("tagged", { namespace, name, serviceAccount, role: stsIssue.roleName, time: timeOf(call) }),
    tell("served", { time: timeOf(call) }),
    ...(name === "" ? [] : [about("podName", podNameId(cluster, namespace, name), call)("pod", { id: pod })]),
    ...exchanges.map((id) => tell("exchange", { id })),
    ...(session === undefined ? [] : [tell("session", { id: session })]),
    ...(key === undefined ? [] : daysOfPod(call, cluster, { id: pod, uid: uid ?? "", key, namespace, name })),
    ...(key === undefined
      ? []
      : [
          tell("key", { id: key, until: timeOf({ time: endOf(call) }) }),
          about("key", key, call)("podAccount", { namespace, serviceAccount }),
        ]),
    ...exchanges.map((id) =>
      about("exchange", id, call)("served", { time: timeOf(call), pod, key: key ?? "", name: `${namespace}/${name}` }),
    ),
  ];
}

/** When (ms) a key that is given out ends, at the latest. */
function endOf({ requestParameters, time }: AwsCall): number {
  const asked = num(requestParameters, "durationSeconds") ?? Number.POSITIVE_INFINITY;
  return time + Math.min(asked * 1_000, KEY_LIFE_MS);
}

/** A key is at work on the day that it is given on, and on the next where it may live to see it. */
function daysOfPod(
  call: AwsCall,
  cluster: Place,
  { id, uid, key, namespace, name }: Readonly<Record<"id" | "uid" | "key" | "namespace" | "name", string>>,
): Fact[] {
  const end = endOf(call);
  const times = dayOf(call) === dayOf({ time: end }) ? [call.time] : [call.time, end];
  return times.flatMap((time) => {
    const at = { time };
    const day = podDayId(cluster, uid, at);
    const tell = about("podDay", day, call);
    const named = about("nameDay", nameDayId(cluster, { namespace, name }, at), call);
    return [tell("of", { id }), tell("key", { id: key }), ...(name === "" ? [] : [named("pod", { id: day })])];
  });
}

function keyOfPod(call: AwsCall, key: string, cluster: Place, pod: string | undefined, name: string): Fact[] {
  const { roleName: role = "", sessionName = "" } = call.facets.stsIssue ?? {};
  const tell = about("key", key, call);
  const whom = pod === undefined ? sessionName : name;
  return [
    tell("issued", { time: timeOf(call), to: "pod", whom, by: "pods.eks.amazonaws.com", role }),
    tell("cluster", { account: cluster.account, region: cluster.region, cluster: cluster.cluster }),
    ...(pod === undefined ? [] : [tell("pod", { id: pod })]),
  ];
}

interface Place {
  readonly account: string;
  readonly region: string;
  readonly cluster: string;
}

/** `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`; the record's own place where the tag is no such thing. */
export function clusterOf(arn: string, { scope }: AwsCall): Place {
  const match = /^arn:[^:]+:eks:([^:]+):(\d{12}):cluster\/(.+)$/.exec(arn);
  const [, region = scope.region, account = scope.account, cluster = scope.cluster] = match ?? [];
  return { account, region, cluster };
}

/** The agent on a node asking EKS Auth for a pod's credentials: which node asked, from which address. Neither pod nor role are in it
 * (eks-auto-mode.md §3.1). */
export const exchanges: CallLearner = {
  trail: "cloudtrail",
  trigger: '"AssumeRoleForPodIdentity"',
  learn(call) {
    const { podIdentityExchange } = call.facets;
    if (podIdentityExchange === undefined || call.outcome !== "success") return [];
    const { actor, scope, sourceIP, vpcEndpointId } = call;
    const node = actor.instanceId ?? actor.name;
    const told = exchangeIds(scope, call).map((id) =>
      about("exchange", id, call)("asked", { time: timeOf(call), node, event: call.id }),
    );
    // Whoever may assume the node role can call a session after any instance; only EC2 hands out what is delivered.
    if (actor.instanceId === undefined || actor.ec2RoleDelivery === undefined || sourceIP === undefined) return told;
    return [
      ...told,
      ...[0, DAY_MS].map((ahead) => {
        const tell = about(
          "place",
          placeId(scope, outletOf(sourceIP, vpcEndpointId ?? "") ?? sourceIP, { time: call.time + ahead }),
          call,
        );
        return tell("node", { node, endpoint: vpcEndpointId ?? "" });
      }),
    ];
  },
};

/** A pod's key knows that its role calls anything, and its hours what it calls, in this week and in the last. */
function habitOf(call: AwsCall, key: string, api: string): Fact[] {
  const { account = call.scope.account, roleName } = call.actor;
  if (roleName === undefined) return [];
  const inWeek = (called: string, time: number) => ({ id: idOf("habit", [account, roleName, called, weekOf(time)]) });
  const [tell, tellHours] = [about("key", key, call), tellUse(key, call)];
  return [
    tell("habit", inWeek(ANY_API, call.time)),
    tell("formerly", inWeek(ANY_API, call.time - WEEK_MS)),
    ...tellHours("habit", inWeek(api, call.time)),
    ...tellHours("formerly", inWeek(api, call.time - WEEK_MS)),
  ];
}

/** Every call that carries a key: what it did, from where. Calls that AWS's services make for it come from no place (detections.md 0.3.7). */
export const calls: CallLearner = {
  trail: "cloudtrail",
  trigger: '"accessKeyId":"A[SK]IA',
  learn(call) {
    const { actor, sourceIP, service, action, outcome, vpcEndpointId } = call;
    if (actor.accessKeyId === undefined || sourceIP === undefined) return [];
    const error = text({ code: call.errorCode }, "code") ?? "";
    const api = `${service}:${action}`;
    const key = keyId(actor.accessKeyId, call);
    const tell = tellUse(key, call);
    // EKS names the sessions of pods so (eks-auto-mode.md §3.2): of others the way out tells nothing about a cluster.
    const out = actor.sessionName?.startsWith("eks-") && outletOf(sourceIP, vpcEndpointId ?? "") !== undefined;
    return [
      ...(actor.sessionName?.startsWith("eks-") ? habitOf(call, key, api) : []),
      ...tell("used", {
        ...{ time: timeOf(call), trail: "CloudTrail", api, ip: sourceIP },
        endpoint: vpcEndpointId ?? "",
        outcome: error === "" ? outcome : error,
      }),
      ...(out ? tell("out", { time: timeOf(call), api, ip: sourceIP }) : []),
    ];
  },
};
