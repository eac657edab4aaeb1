import { nameOf } from "../../core/actors.ts";
import { idOf } from "../facts.ts";
import { type AuditLearner, about, mintHourId, nodeId, podId, timeOf } from "../learner.ts";

/** Longer than any window that mints are counted in. */
const BORDER_MS = 30 * 60_000;
const DAY_MS = 24 * 3_600_000;

/** Tokens minted: the answer names the token (`issued-credential-id`), the request for whom, and which pod it is bound to
 * (audit-recorded.md 13). A kubelet's mint also says where the pod runs, or is said to. */
export const mints: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ verb, subresource, stage }) =>
    verb === "create" && subresource === "token" && stage === "ResponseComplete",
  learn(request) {
    const { token } = request.facets;
    const { actor, actingAs, scope } = request;
    const { cluster } = scope;
    const { sourceIP = "" } = request;
    if (token?.credentialId === undefined) return [];
    const by = nameOf(actor);
    const account = `${token.namespace}/${token.serviceAccount}`;
    const audiences = [...token.audiences].sort().join(" ");
    const tell = about("token", idOf("token", [token.credentialId]), request);
    const pod = token.boundTo?.kind === "Pod" && token.boundTo.uid !== "" ? token.boundTo : undefined;
    const kubelet = actor.instanceId !== undefined && actingAs === undefined ? actor.instanceId : undefined;
    const facts = [
      tell("minted", { time: timeOf(request), by, kind: actor.kind, account, audiences }),
      tell("account", { cluster, namespace: token.namespace, serviceAccount: token.serviceAccount }),
      ...(kubelet === undefined ? [] : [tell("mintingNode", { id: nodeId(kubelet) })]),
    ];
    // Nodes of other kinds mint for their pods as well.
    const byNode = actor.kind === "node" && actingAs === undefined;
    // A kubelet's word for where its pods' tokens belong is not taken: its address may be a thief's.
    if (!byNode && sourceIP !== "") facts.push(tell("home", { ip: sourceIP, whose: "minter" }));
    if (!byNode && actor.kind !== "control-plane") {
      const minted = { time: timeOf(request), account, audiences, bound: token.boundTo?.kind ?? "", cluster };
      const hours = new Set([0, BORDER_MS].map((back) => mintHourId(actor.name, { time: request.time - back })));
      for (const hour of hours) facts.push(about("mintHour", hour, request)("minted", minted));
    }
    if (pod === undefined) return facts;
    const id = podId(scope, pod.uid);
    const tellPod = about("pod", id, request);
    return [
      ...facts,
      tell("boundPod", { id }),
      ...(kubelet === undefined
        ? []
        : [tellPod("minter", { time: podsDay(pod.uid, request.time), id: nodeId(kubelet), audiences })]),
      tellPod("name", { namespace: token.namespace, name: pod.name }),
      tellPod("account", { namespace: token.namespace, serviceAccount: token.serviceAccount }),
    ];
  },
};

/** When the day of a pod began, at its own time of day: all pods of a cluster would be told of at midnight. */
function podsDay(uid: string, time: number): string {
  const begins = (Number.parseInt(uid.slice(0, 8), 16) || 0) % DAY_MS;
  return timeOf({ time: Math.floor((time - begins) / DAY_MS) * DAY_MS + begins });
}
