import Type from "typebox";
import { type Severity, severityRank } from "../../../schemas/findings/finding.ts";
import { type CredentialRead, credentialReads } from "../../../schemas/words/credential-files.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, stepped } from "../../core/weight.ts";
import { oneLine } from "../one-line.ts";
import { privilegedNamespaces } from "../privileged-namespaces.ts";

/** A read that is told here: the Pod Identity token is exec-endpoint's. */
type Told = CredentialRead & { readonly what: Exclude<CredentialRead["what"], "pod-identity-token"> };
const isTold = (read: CredentialRead): read is Told => read.what !== "pod-identity-token";

/** What each read is worth when the words leave no doubt. */
const WORTH: Readonly<Record<Told["what"], { readonly severity: Severity; readonly called: string }>> = {
  "kubelet-credentials": { severity: "high", called: "credentials of the node or of an administrator" },
  "service-account-token": { severity: "medium", called: "the service account token" },
  "irsa-token": { severity: "medium", called: "the IRSA token" },
  "aws-credentials": { severity: "medium", called: "AWS credentials" },
  "system-secrets": { severity: "medium", called: "password hashes or private keys" },
  "process-environment": { severity: "medium", called: "the environment of a process" },
};

/** A53, without the Pod Identity token, which is exec-endpoint's: a command in a container that names a token or credential file. */
export const detector = defineEventDetector({
  meta: {
    id: "pod-identity/exec-credential-read",
    version: 1,
    title: "Command in a container named a token or credential file",
    description:
      "Tokens, keys and environments in a container are there for its program. Somebody who prints one by exec can use it elsewhere, as that workload or, for the kubelet's, as the node.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.001" },
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0002", technique: "T1609" },
    ],
    reads: ["requestURI", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/",
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html",
    ],
    gaps: [
      "What is typed into an interactive shell, or stands in a script of the container, is never logged.",
      "Words are no proof: the file may be missing, and 101 says only that a stream was opened.",
      "Credentials that an application keeps under a name of its own are not known.",
    ],
    triage: [
      {
        do: "Ask whoever ran it. See every command of theirs in the hours around it.",
        audit:
          'fields requestReceivedTimestamp, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" and objectRef.subresource in ["exec", "attach", "proxy"] | sort requestReceivedTimestamp asc',
      },
      {
        do: "Find the pod's service account, and where its tokens were used from since.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0, sourceIPs.1, userAgent | filter @message like "{target.name}" and user.username like "system:serviceaccount:" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Delete the pod (by nodes/proxy: the one in the title): tokens bound to it end within seconds. Rotate whatever else the file held.",
        cli: "kubectl delete pod --namespace '{target.namespace}' '{target.name}'",
      },
    ],
  },
  on: "exec",
  params: Type.Object({ privileged: privilegedNamespaces }),
  detect(request, { privileged }) {
    const { exec } = request.facets;
    const reads = credentialReads(exec.argv).filter(isTold);
    const worst = reads.toSorted((a, b) => rank(b) - rank(a))[0];
    if (worst === undefined) return undefined;
    const inPrivileged = privileged.includes(exec.namespace) && worst.confidence !== "low";
    const severity = stepped(severityOf(worst), (inPrivileged ? 1 : 0) - (attempted(request) ? 1 : 0), "high");
    const did = attempted(request) ? "tried to run" : "started";
    return {
      sentence: `${nameOf(request.actor)} ${did} a command in ${exec.namespace}/${exec.pod} that reads ${WORTH[worst.what].called} (${oneLine(worst.word)})`,
      on: `pods/${exec.namespace}/${exec.pod} ${worst.what}`,
      severity,
      confidence: worst.confidence,
      evidence: [
        { field: "requestURI", value: exec.argv.join(" ") },
        ...reads.slice(0, 10).map(({ what, word }) => ({ field: `requestURI.command (${what})`, value: word })),
        { field: "responseStatus.code", value: `${request.code ?? ""}` },
      ],
      reasons: [
        ...(inPrivileged ? [`${exec.namespace} is a privileged namespace`] : []),
        ...(exec.via === "nodes-proxy" ? ["through nodes/proxy, which leaves no exec event"] : []),
      ],
    };
  },
});

/** Words that leave room for an honest reading are low, whatever they name. */
const severityOf = ({ what, confidence }: Told): Severity => (confidence === "low" ? "low" : WORTH[what].severity);
const rank = (read: Told): number => severityRank(severityOf(read));
