import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { autoNodeRole, type Site } from "../../core/site.ts";
import { attempted } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { idsIn, OPERATOR_TAGS } from "../auto-resource.ts";
import { callEvidence, forwarderOf, roleReasons, worthOf } from "../operator-role.ts";
import { learned, params, severityOf } from "./known.ts";

type Call = EventOn<"instanceAccess">;

/** B-60, of instances that the configuration or the record itself tells to be nodes: Auto Mode nodes have no SSM agent, no SSH server and no console to log in to (eks-auto-mode.md §4.3). */
const ofEvents = defineEventDetector({
  meta: {
    id: "managed-instances/remote-access",
    version: 2,
    title: "Session, command or SSH key for an Auto Mode node, or an agent on one",
    description:
      "Nothing on an Auto Mode node answers to Systems Manager, SSH or the serial console. So a session, command or key for one comes from somebody who does not know the cluster or should not be there; and a node that reports to Systems Manager runs an agent that a pod brought.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0008", technique: "T1021.007" },
      { tactic: "TA0002", technique: "T1651" },
    ],
    reads: ["eventName", "requestParameters", "userIdentity", "errorCode", "errorMessage"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
      "https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-cloudtrail-logs.html",
    ],
    gaps: [
      "Judged are instances that EKS was seen to launch, that were seen at work as nodes, or that are in auto.resources; a command that chooses instances by a tag names none.",
      "What a command or session did is not in CloudTrail.",
      "An agent that registers with a hybrid activation shows as mi-…, without the node's id.",
    ],
    triage: [
      {
        do: "See whether an agent answers: a node of Auto Mode should not be in this list.",
        cli: "aws ssm describe-instance-information --region '{region}' --filters 'Key=InstanceIds,Values={target}'",
      },
      {
        do: "Ask who was at work, and see what else that key did: kubectl debug is the way to look at a node.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, requestParameters.documentName | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "An agent on a node: find the privileged or hostNetwork pod that brought it, and replace the node.",
        cli: "kubectl get pods --all-namespaces --field-selector spec.nodeName='{target}' -o 'custom-columns=NS:.metadata.namespace,POD:.metadata.name,HOSTNET:.spec.hostNetwork,IMAGE:.spec.containers[*].image'",
      },
    ],
    syntheticShape: true,
  },
  on: "instanceAccess",
  params,
  detect(call, { manyInstances }, site): Hit | undefined {
    const { actor, action, service, facets } = call;
    const { agent, instances, targetKeys, document, commandId, channel } = facets.instanceAccess;
    if (agent) return agentOn(call, site);
    const managed = instances.filter((id) => site.resources.has(id));
    const aimed = targetKeys.filter((key) => OPERATOR_TAGS.has(key.replace(/^tag:/, "")));
    if (managed.length === 0 && aimed.length === 0) return undefined;
    const fleet = instances.length >= manyInstances || forwarderOf(call) !== undefined;
    const where = managed.length > 0 ? `${idsIn(managed)}, of EKS Auto Mode` : `whatever has ${aimed.join(", ")}`;
    const named = document === "" ? "" : ` of ${document}`;
    return {
      sentence: `${nameOf(actor)} ${attempted(call) ? "tried" : "did"} ${service}:${action}${named} on ${where}`,
      // A command for everything is one, whatever key its automation has at the time.
      ...(fleet && { by: `principal/${actor.roleName ?? actor.arn ?? actor.name}` }),
      on: fleet ? `${action} on the fleet` : action,
      severity: severityOf({ fleet, known: managed.length > 0, ssm: channel === "ssm", failed: attempted(call) }),
      confidence: managed.length > 0 ? "high" : "low",
      evidence: [
        { field: "instances", value: managed.join(", ") },
        { field: "requestParameters.targets", value: aimed.join(", ") },
        { field: "responseElements.command.commandId", value: commandId },
        ...callEvidence(call),
      ].filter(({ value }) => value !== ""),
      reasons: channel === "ssm" ? [] : ["EC2 takes the key whether or not anything on the instance reads it"],
      notExempted: fleet
        ? [`${instances.length || "an unknown number of"} instances, or an automation: a tool for the whole fleet`]
        : [],
    };
  },
});

export const detector = completed(ofEvents, [learned]);

/** The minimal policy of nodes denies these calls: then an agent runs all the same, but nobody can use it. */
function agentOn(call: Call, site: Site): Hit | undefined {
  const { actor, service, action } = call;
  const [instance = ""] = call.facets.instanceAccess.instances;
  const known = site.resources.has(instance) ? "declared" : autoNodeRole(site, actor.roleArn ?? actor.roleName);
  if (known === undefined) return undefined;
  return {
    sentence: `An agent on ${instance || nameOf(actor)}, a node of EKS Auto Mode, ${attempted(call) ? "tried" : "did"} ${service}:${action}`,
    by: `instance/${instance || actor.name}`,
    on: "an agent",
    severity: worthOf("declared", call, "high"),
    confidence: known === "declared" ? "high" : "medium",
    evidence: callEvidence(call),
    reasons: roleReasons(known, actor.roleName ?? "?", "nodeRoles"),
  };
}
