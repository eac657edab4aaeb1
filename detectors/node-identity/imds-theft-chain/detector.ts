import Type from "typebox";
import { agentNamespaces } from "../../core/agent-namespaces.ts";
import { withoutLast } from "../../core/epoch.ts";
import { NODE_APIS } from "../../core/node-apis.ts";
import { autoNodeRole } from "../../core/site.ts";
import { defineJoinDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;

/** What opens the way to the metadata service: the node's network, or the means to enter it (eks-auto-mode.md §5). */
const OPENS = /\b(?:hostNetwork|hostPID|privileges)\b/;

/** B-27: a pod that can reach the node's credentials, and soon after a call with them that no node makes. */
export const detector = defineJoinDetector({
  meta: {
    id: "node-identity/imds-theft-chain",
    version: 1,
    title: "Node credentials misused soon after a pod that can reach them was placed there",
    description:
      "Only a pod on the node's network, or one that can leave its container, reaches the credentials of an Auto Mode node. Such a pod was placed on the node, and within the hour the node's credentials made a call that no node makes: the pod stole them.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0004", technique: "T1611" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "responseObject.spec",
      "requestObject.target.name",
      "userIdentity.principalId",
      "userIdentity.sessionContext.ec2RoleDelivery",
      "eventSource",
      "eventName",
      "errorCode",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html",
    ],
    gaps: [
      "At level Metadata neither the pod's rights nor its node are in the audit log: then nothing is found.",
      "Agents of a DaemonSet in a platform namespace are left out, so a thief who imitates one is seen by imds/node-role-api alone.",
      "A thief who waits longer, or who only pulls images and exchanges pod tokens, is not seen here.",
    ],
    triage: [
      {
        do: "See all that the node's credentials did, and from where. An address that is not the cluster's means that they left it.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent, userIdentity.accessKeyId | filter userIdentity.principalId like ":{actor.instance}" and not (eventSource in ["ecr.amazonaws.com", "eks-auth.amazonaws.com"]) | sort eventTime asc',
      },
      {
        do: "Find who made the pod and what ran in it.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseObject.spec.containers.0.image, sourceIPs.0 | filter objectRef.resource = "pods" and concat(objectRef.namespace, "/", coalesce(objectRef.name, responseObject.metadata.name)) = "{target}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Revoke the node role's older sessions (AWSRevokeOlderSessions), remove the pod and replace the node.",
        cli: "kubectl delete node '{actor.instance}'",
      },
    ],
    syntheticShape: true,
  },
  watch: "nodeHour",
  match: ["hostPod", "deed"],
  params: Type.Object({
    windowMinutes: Type.Integer({
      minimum: 1,
      maximum: 60,
      default: 60,
      description: "How long after the pod a call counts as its doing.",
    }),
    platformNamespaces: agentNamespaces,
    apis: Type.Array(Type.String({ pattern: "^[a-z0-9-]+:[A-Za-z0-9*]+$" }), {
      default: [...NODE_APIS],
      description: "APIs that nodes call by right, as service:Action; `service:*` for a whole service.",
    }),
  }),
  detect([pod, deed], { params, site, id: epoch }) {
    const id = withoutLast(epoch);
    const { windowMinutes, platformNamespaces, apis } = params;
    const [service = ""] = deed.api.split(":");
    if (!OPENS.test(pod.what) || apis.includes(deed.api) || apis.includes(`${service}:*`)) return undefined;
    const made = pod.kind === "controller";
    if (made && platformNamespaces.includes(pod.namespace)) return undefined;
    // Calls are known to the minute.
    const after = Date.parse(deed.time) - Math.floor(Date.parse(pod.time) / MINUTE_MS) * MINUTE_MS;
    if (!(after >= 0 && after <= windowMinutes * MINUTE_MS)) return undefined;
    const known = autoNodeRole(site, deed.role);
    // Who assumes a role by hand may call the session what they like, also after this node.
    if (deed.delivery === "" && known === undefined) return undefined;
    const did = deed.outcome === "success" ? "called" : `tried (${deed.outcome})`;
    const name = `${pod.namespace}/${pod.name}`;
    // An agent that nobody listed looks like this, too, while its calls lead nowhere.
    const unsure = made && deed.outcome !== "success";
    return {
      of: { kind: "node", id },
      sentence: `${pod.by} placed pod ${name} with ${pod.what} on node ${id}, whose role then ${did} ${deed.api}`,
      on: `pod ${pod.pod}`,
      at: deed.time,
      actor: {
        ...{ kind: "node", name: `system:node:${id}`, groups: [], instanceId: id, role: deed.role },
        ...(deed.key !== "" && { accessKeyId: deed.key }),
      },
      action: deed.api,
      target: name,
      scope: { cluster: pod.cluster },
      ...(deed.ip !== "" && { sourceIP: deed.ip }),
      ...(known === undefined && { confidence: "medium" }),
      ...(unsure && { severity: "high", confidence: "low" }),
      evidence: [
        { field: "node.hostPod", value: `${name}: ${pod.what}, by ${pod.by}`, event: pod.source },
        { field: "node.deed", value: `${deed.api} ${deed.outcome} ${deed.time} ${deed.ip}`, event: deed.source },
      ],
      reasons:
        known === undefined ? [`role ${deed.role} is not declared in auto.nodeRoles, but EC2 gave it to the node`] : [],
      notExempted: unsure ? ["a controller made the pod, as it does for agents of the nodes"] : [],
    };
  },
});
