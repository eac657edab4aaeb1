import Type from "typebox";
import { MAX_CONSIDERED_CHARS } from "../../../schemas/words/considered.ts";
import { endpointMentions } from "../../../schemas/words/endpoints.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";

/** A52: a command in a container that names the instance metadata service, in whatever spelling. */
export const detector = defineEventDetector({
  meta: {
    id: "imds/exec-endpoint",
    version: 1,
    title: "Command in a container reached for the instance metadata service",
    description:
      "The metadata service hands the node's own AWS role to whoever asks from the node's network. Pods of EKS Auto Mode have no business there, and most cannot reach it; a command that names it is somebody looking for the node's credentials.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0002", technique: "T1609" },
    ],
    reads: ["requestURI", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html",
      "https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    ],
    gaps: [
      "What is typed into an interactive shell, or stands in a script of the container, is never logged.",
      "An AWS SDK asks the service by itself, without naming it; so do names that resolve to it.",
      "101 says that a stream was opened, not that the command ran. Only hostNetwork pods reach the service on Auto nodes.",
    ],
    triage: [
      {
        do: "Ask whoever ran it. See every command of theirs in the hours around it.",
        audit:
          'fields requestReceivedTimestamp, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" and objectRef.subresource in ["exec", "attach", "proxy"] | sort requestReceivedTimestamp asc',
      },
      {
        do: "See whether the pod (by nodes/proxy: the one in the title) could reach it (hostNetwork), and on which node it runs.",
        cli: "kubectl get pod --namespace '{target.namespace}' '{target.name}' -o custom-columns=NODE:.spec.nodeName,HOSTNET:.spec.hostNetwork",
      },
      {
        do: "If it could: see what that node's role did since. Put the instance id in place of i-.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.principalId like ":i-" and not (eventSource in ["ecr.amazonaws.com", "eks-auth.amazonaws.com"]) | sort eventTime asc',
      },
    ],
  },
  on: "exec",
  params: Type.Object({}),
  detect(request) {
    const { actor, facets, code } = request;
    const { namespace, pod, argv, via } = facets.exec;
    const mentions = endpointMentions(argv).filter(({ endpoint }) => endpoint === "imds");
    const [surest] = mentions;
    const refused = attempted(request);
    if (surest === undefined) return tooLong(request);
    const words = [...new Set(mentions.map(({ word }) => word))];
    const what = `a command in ${namespace}/${pod} that reaches for the instance metadata service (${oneLine(surest.word)})`;
    return {
      sentence: refused
        ? `${nameOf(actor)} tried to run ${what}: ${code ?? "refused"}`
        : `${nameOf(actor)} started ${what}`,
      on: `pods/${namespace}/${pod}`,
      severity: lowered(surest.confidence, refused ? 1 : 0),
      confidence: surest.confidence,
      evidence: [
        { field: "requestURI", value: argv.join(" ") },
        ...words.slice(0, 10).map((word) => ({ field: "requestURI.command", value: word })),
        { field: "responseStatus.code", value: `${code ?? ""}` },
      ],
      reasons: [
        ...(via === "nodes-proxy" ? ["through nodes/proxy, which leaves no exec event"] : []),
        ...(surest.how === "encoded" || surest.how === "assembled" ? [`the address is hidden (${surest.how})`] : []),
      ],
    };
  },
});

/** Padding on both sides of a command hides its middle: nobody types as much as is read here. */
function tooLong({ actor, facets: { exec } }: EventOn<"exec">): Hit | undefined {
  const length = exec.argv.join(" ").length;
  if (length <= MAX_CONSIDERED_CHARS) return undefined;
  return {
    sentence: `${nameOf(actor)} sent a command to ${exec.namespace}/${exec.pod} that is too long to be read in full (${length} characters)`,
    on: `pods/${exec.namespace}/${exec.pod}`,
    severity: "low",
    confidence: "low",
    evidence: [{ field: "requestURI", value: exec.argv.join(" ") }],
  };
}

/** Words of one spelling may come from several arguments. */
const oneLine = (word: string): string => word.replace(/\s+/g, " ");
