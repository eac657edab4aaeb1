import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import {
  type AutoWrite,
  creates,
  isOrdinary,
  removes,
  unread,
  weigh,
  writeEvidence,
  writerOf,
  writtenOn,
  wrote,
} from "../auto-write.ts";

/** B-41, the audit half: a NodeClass written by somebody else than EKS. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/node-class",
    version: 1,
    title: "NodeClass written by somebody else than EKS",
    description:
      "A NodeClass says how Auto Mode builds its nodes: IAM role, network, proxy, trusted certificates, encryption key. Whoever writes it can read the traffic of every node to come, give them another role, or put them on the internet. The log tells who wrote it and not what it says.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1578" },
      { tactic: "TA0006", technique: "T1557" },
    ],
    reads: ["user", "verb", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-security.html",
    ],
    gaps: [
      "Custom resources are logged at Metadata: a new tag and a rogue certificate authority look the same.",
      "A new class is low: nothing is launched by it before a NodePool takes it up, which managed-instances/node-pool reports.",
      "Writes to /status are not read, and what is in a repository is not ours to see.",
    ],
    triage: [
      {
        do: "Read the class: role, httpsProxy, certificateBundles, subnets, security groups, public address, key, kernel lockdown. Compare with what should be.",
        cli: "kubectl get nodeclass '{target.name}' -o yaml --show-managed-fields",
      },
      {
        do: "See what was launched by it since, and which role it was given.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, errorCode | filter (eventName in ["CreateFleet", "RunInstances", "CreateLaunchTemplate"] and @message like "{target.name}") or eventName in ["CreateInstanceProfile", "AddRoleToInstanceProfile"] | sort eventTime asc',
      },
      {
        do: "Ask its author. See what else they wrote around that time; put the class back and replace the nodes that were launched by it.",
        audit:
          'fields requestReceivedTimestamp, verb, objectRef.apiGroup, objectRef.resource, objectRef.name, responseStatus.code | filter user.username = "{actor.name}" and verb in ["create", "update", "patch", "delete", "deletecollection"] | sort requestReceivedTimestamp asc',
      },
    ],
  },
  on: "customResource",
  params: Type.Object({
    builtIn: Type.Array(Type.String({ minLength: 1 }), {
      default: ["default"],
      description: "Classes that EKS makes and keeps: nobody else has a reason to write them.",
    }),
  }),
  detect(request, { builtIn }, site): Hit | undefined {
    const { kind, subresource, name } = request.facets.customResource;
    if (kind !== "nodeclass" || subresource === "status") return undefined;
    const writer = writerOf(request, site);
    if (isOrdinary(request, writer)) return undefined;
    const { severity, reasons, notExempted } = weigh(request, writer, site, worthOf(request, builtIn));
    return {
      sentence: `${nameOf(request.actor)} ${wrote(request, "NodeClass")}`,
      on: writtenOn(request),
      severity,
      evidence: writeEvidence(request),
      reasons: [
        ...reasons,
        ...unread(request),
        ...(builtIn.includes(name) ? [`EKS keeps the class ${name} itself`] : []),
      ],
      notExempted,
    };
  },
});

function worthOf(request: AutoWrite, builtIn: readonly string[]): Severity {
  if (request.verb === "deletecollection") return "high";
  // A new class launches nothing by itself.
  if (creates(request)) return "low";
  if (builtIn.includes(request.object.name)) return "high";
  // EKS holds a class that nodes still use.
  return removes(request) ? "low" : "medium";
}
