import Type from "typebox";
import { credentialReads } from "../../../schemas/words/credential-files.ts";
import { endpointMentions } from "../../../schemas/words/endpoints.ts";
import { bySureness } from "../../../schemas/words/mention.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, lowered, stepped } from "../../core/weight.ts";
import { oneLine } from "../one-line.ts";

/** B-15: a command in a container that names the Pod Identity agent (169.254.170.23, fd00:ec2::23), its variables, or the token it takes. */
export const detector = defineEventDetector({
  meta: {
    id: "pod-identity/exec-endpoint",
    version: 1,
    title: "Command in a container reached for the Pod Identity agent or its token",
    description:
      "The agent on the node hands the pod's AWS credentials to whoever shows the pod's token, and the SDK in the pod does that by itself. Somebody who types the address or the token's path into an exec takes the credentials for use elsewhere.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.007" },
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0002", technique: "T1609" },
    ],
    reads: ["requestURI", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html"],
    gaps: [
      "What is typed into an interactive shell, or stands in a script of the container, is never logged.",
      "An AWS SDK or the AWS CLI asks the agent by itself, without naming it.",
      "101 says that a stream was opened, not that the command ran.",
    ],
    triage: [
      {
        do: "Ask whoever ran it. See every command of theirs in the hours around it.",
        audit:
          'fields requestReceivedTimestamp, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" and objectRef.subresource in ["exec", "attach", "proxy"] | sort requestReceivedTimestamp asc',
      },
      {
        do: "Find the sessions of the pod's role, then what their keys did from elsewhere than the cluster.",
        cloudtrail:
          'fields eventTime, requestParameters.roleArn, responseElements.credentials.accessKeyId | filter userIdentity.invokedBy = "pods.eks.amazonaws.com" and @message like "{target.name}" | sort eventTime desc',
      },
      {
        do: "Delete the pod (by nodes/proxy: the one in the title), which ends its token, and revoke the role's older sessions: credentials handed out live for six hours.",
        cli: "kubectl delete pod --namespace '{target.namespace}' '{target.name}'",
      },
    ],
  },
  on: "exec",
  params: Type.Object({
    debuggers: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Kubernetes groups whose members debug identities in pods: theirs is medium at most.",
    }),
  }),
  detect(request, { debuggers }) {
    const { actor, facets } = request;
    const { namespace, pod, argv, via } = facets.exec;
    const mentions = endpointMentions(argv).filter(({ endpoint }) => endpoint === "pod-identity-agent");
    const reads = credentialReads(argv).filter(({ what }) => what === "pod-identity-token");
    const surest = [...mentions, ...reads].toSorted((a, b) => bySureness(a.confidence, b.confidence))[0];
    if (surest === undefined) return undefined;
    const known = debuggers.filter((group) => actor.groups.includes(group));
    const words = [...new Set([...mentions, ...reads].map(({ word }) => word))];
    // As severe as the words are sure.
    const weighed = lowered(surest.confidence, attempted(request) ? 1 : 0);
    const did = attempted(request) ? "tried to run" : "started";
    return {
      sentence: `${nameOf(actor)} ${did} a command in ${namespace}/${pod} that reaches for the pod's AWS identity (${oneLine(surest.word)})`,
      on: `pods/${namespace}/${pod}`,
      severity: known.length > 0 ? stepped(weighed, 0, "medium") : weighed,
      confidence: surest.confidence,
      evidence: [
        { field: "requestURI", value: argv.join(" ") },
        ...words.slice(0, 10).map((word) => ({ field: "requestURI.command", value: word })),
        { field: "responseStatus.code", value: `${request.code ?? ""}` },
      ],
      reasons: via === "nodes-proxy" ? ["through nodes/proxy, which leaves no exec event"] : [],
      notExempted: known.map((group) => `member of ${group}, who debug identities: medium at most`),
    };
  },
});
