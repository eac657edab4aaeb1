import Type from "typebox";
import { endpointMentions } from "../../../schemas/words/endpoints.ts";
import type { Mention } from "../../../schemas/words/mention.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { type PodWrite, sets, wrote } from "../pod-write.ts";
import { type Part, partOf, togetherOf, variableIn } from "./parts.ts";

/** A52 in a manifest: a pod, or a template of pods, whose command, probes or variables name the metadata service or the
 * Pod Identity agent. */
export const detector = defineEventDetector({
  meta: {
    id: "imds/pod-spec-endpoint",
    version: 1,
    title: "Pod spec names the metadata service or the Pod Identity agent",
    description:
      "A command in a pod spec does what an exec would, without an exec in the log. Applications get AWS credentials through their SDK; a spec that spells out the address of the metadata service or of the Pod Identity agent takes them by hand.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0006", technique: "T1552.007" },
      { tactic: "TA0002", technique: "T1610" },
    ],
    reads: ["requestObject.spec", "responseObject.spec", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html",
      "https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    ],
    gaps: [
      "Needs a body: at level Metadata, and when the authorizer refused, the spec is not in the log.",
      "Scripts in the image or in a ConfigMap, and SDKs that ask by themselves, name nothing here.",
      "What a custom resource's operator turns into pods shows only in the pods, as the operator's.",
    ],
    triage: [
      {
        do: "Read the spec: does the workload fetch credentials, or does it ask for a region or an instance type?",
        cli: "kubectl get '{target.resource}' --namespace '{target.namespace}' '{target.name}' -o yaml",
      },
      {
        do: "See what else its author wrote around that time, and from where.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" and verb in ["create", "update", "patch"] | sort requestReceivedTimestamp asc',
      },
      {
        do: "If it fetches them: delete it, then look for calls with the node's role or the pod's role from elsewhere.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, eventSource, eventName, sourceIPAddress | filter userIdentity.principalId like ":i-" or userIdentity.principalId like ":eks-" | sort eventTime desc',
      },
    ],
  },
  on: "podSpec",
  params: Type.Object({}),
  detect(request, _params, site) {
    const { actor, facets, dryRun } = request;
    const { podSpec } = facets;
    if (podSpec.echo) return undefined;
    const found = mentionsIn(request);
    const [surest] = found.toSorted((a, b) => worth(a) - worth(b));
    if (surest === undefined) return undefined;
    const { mention, field } = surest;
    const gitOps = site.gitOps.has(actor.name);
    const steps = surest.down + (attempted(request) || dryRun ? 1 : 0) + (gitOps ? 1 : 0);
    const endpoint = mention.endpoint === "imds" ? "the instance metadata service" : "the Pod Identity agent";
    return {
      sentence: `${nameOf(actor)} ${wrote(request)}, whose ${field} names ${endpoint} (${mention.word.replace(/\s+/g, " ")})`,
      on: `${podSpec.workload}/${podSpec.namespace}/${podSpec.name}`,
      severity: lowered(mention.confidence, steps),
      confidence: mention.confidence,
      evidence: found.slice(0, 15).map((each) => ({ field: `spec.${each.field}`, value: each.mention.word })),
      reasons: [
        ...(podSpec.hostNetwork ? ["hostNetwork: the pod reaches the metadata service"] : []),
        ...(PROBE.test(field)
          ? ["a probe or hook: with httpGet the kubelet itself asks, from the node's network"]
          : []),
      ],
      notExempted: gitOps ? [`${actor.name} applies what is in a repository: one step lower`] : [],
    };
  },
});

interface Found {
  readonly field: string;
  readonly mention: Mention;
  /** Steps below what the words alone are worth. */
  readonly down: number;
}

const PROBE = /\.(?:(?:liveness|readiness|startup)Probe|lifecycle\.(?:postStart|preStop))$/;

function mentionsIn(request: PodWrite): Found[] {
  const { containers, hostNetwork, hostAliases } = request.facets.podSpec;
  // On Auto nodes only the node's own network reaches the metadata service (eks-auto-mode.md §5); a variable is set, not
  // run.
  const found = ({ field, words, said = words }: Part): Found[] => {
    const mentions = endpointMentions(said);
    if (mentions.length === 0 || !sets(request, words)) return [];
    const down = (hostNetwork || PROBE.test(field) ? 0 : 1) + (variableIn(field) === undefined ? 0 : 1);
    return mentions.map((mention) => ({ field, mention, down }));
  };
  const added = request.object.subresource === "ephemeralcontainers";
  const inContainers = containers
    .filter(({ kind }) => !added || kind === "ephemeral")
    .flatMap(({ words }) => {
      const parts = words.map(partOf).filter((part) => part !== undefined);
      const alone = parts.flatMap(found);
      return alone.length > 0 ? alone : togetherOf(parts).flatMap(found);
    });
  return [...inContainers, ...(added ? [] : found({ field: "hostAliases", words: hostAliases }))];
}

/** Orders what is worth most first. */
const worth = ({ mention, down }: Found): number => ["high", "medium", "low"].indexOf(mention.confidence) + down;
