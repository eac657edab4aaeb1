import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { looksLikeAuthenticator } from "../../core/node-apis.ts";
import { lowered } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { didCall, evidenceOf, forwarderOf, roleReasons, worthOf } from "../node-role.ts";
import { learned, params } from "./known.ts";

/** B-26: a call with an Auto node's role outside what its two policies allow (eks-auto-mode.md §5). */
const ofEvents = defineEventDetector({
  meta: {
    id: "imds/node-role-api",
    version: 2,
    title: "Node role called an API that no Auto Mode node calls",
    description:
      "An Auto Mode node's role exchanges pod tokens and pulls images, nothing else. Any other call with its credentials, allowed or denied, comes from whoever took them from the instance metadata service, or from a pod that falls back to them.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0007", technique: "T1580" },
    ],
    reads: ["userIdentity", "eventSource", "eventName", "errorCode", "sourceIPAddress", "userAgent"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html",
      "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSWorkerNodeMinimalPolicy.html",
    ],
    gaps: [
      "A role that nodes work under is judged hours later, unless it is declared or named as EKS proposes: how many nodes call the same has to be known.",
      "A thief who only pulls images or exchanges pod tokens looks like the node.",
      "Data events (s3:GetObject, dynamodb:GetItem) are only seen when a trail records them.",
      "GetCallerIdentity in the shape of the authenticator's own check is informational; its user agent can be copied.",
    ],
    triage: [
      {
        do: "See everything that this key did. More than one API, or an address that is not the cluster's, means theft.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Find who could reach the metadata service: hostNetwork pods on that node, and who made them.",
        cli: "kubectl get pods --all-namespaces --field-selector spec.nodeName='{actor.instance}' -o custom-columns=NS:.metadata.namespace,POD:.metadata.name,HOSTNET:.spec.hostNetwork",
      },
      {
        do: "Replace the node, which ends its credentials' renewal, and revoke the role's older sessions. A known agent: add its API to `apis`, or better, give it a role of its own.",
        cli: "kubectl delete node '{actor.instance}'",
      },
    ],
    syntheticShape: true,
  },
  on: "instanceSession",
  params,
  detect(call, { apis, fallbackApis }, site) {
    const { actor, service, action, outcome } = call;
    const worth = worthOf(site, call);
    const api = `${service}:${action}`;
    if (worth === undefined || apis.includes(api) || apis.includes(`${service}:*`)) return undefined;
    const forwarder = forwarderOf(call);
    const check = api === "sts:GetCallerIdentity" && outcome === "success";
    // EKS validates the kubelet's token by calling the URL that is in it (eks-auto-mode.md §5).
    if (check && forwarder === "eks.amazonaws.com") return undefined;
    const role = actor.roleName ?? "?";
    const fallback = fallbackApis.includes(api);
    const hit = {
      sentence: `${nameOf(actor)} ${didCall(call)} ${api} with role ${role}, which no Auto Mode node calls`,
      // An agent that falls back tries for the life of its node, and must not hide what else is done with the node's
      // keys.
      ...(fallback && actor.instanceId !== undefined && { by: `instance/${actor.instanceId}` }),
      on: fallback ? `role/${role} ${api}` : `role/${role}`,
      evidence: evidenceOf(call),
      reasons: roleReasons(site, call),
    };
    if (check && looksLikeAuthenticator(call, site.egress)) {
      const sentence = `${api} was called with role ${role} in the shape of the cluster's own check of a node's token`;
      // One for all nodes: the check comes with every token of every kubelet.
      const shared = { by: `role/${role}`, on: "the authenticator's check", severity: "informational" } as const;
      const notExempted = ["a user agent clears nothing: whoever copies it makes this call look so"];
      return { ...hit, ...shared, sentence, confidence: "low", notExempted };
    }
    if (outcome === "denied" && fallback) {
      const notExempted = [`${api} is what agents try that fall back to the node's role; it was denied`];
      return { ...hit, severity: "low", confidence: "low", notExempted };
    }
    if (forwarder !== undefined) {
      const notExempted = [`${forwarder} made the call for the node, as the consequence of another call`];
      return { ...hit, severity: "low", notExempted };
    }
    return { ...hit, severity: outcome === "success" ? worth : lowered(worth, worth === "high" ? 1 : 0) };
  },
});

export const detector = completed(ofEvents, [learned]);
