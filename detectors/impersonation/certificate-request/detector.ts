import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { list, text, texts } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { isEksItself } from "../eks-itself.ts";
import { meaningOf, type Standing, standingOf } from "../standing.ts";
import { namesOf } from "./names.ts";

type Grant = EventOn<"nameGrant">;

/** B-23, A17: a client certificate asked for or approved. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/certificate-request",
    version: 1,
    title: "Client certificate requested or approved",
    description:
      "A client certificate is an identity for as long as it is valid, and cannot be revoked. On EKS neither people nor nodes log in with one. A request in the name of a component of Auto Mode, of AWS or of the control plane is a back door being built.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.006" },
      { tactic: "TA0006", technique: "T1649" },
    ],
    reads: ["requestObject.spec", "responseObject.spec", "objectRef", "user", "responseStatus"],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/",
      "https://docs.aws.amazon.com/eks/latest/userguide/cert-signing.html",
    ],
    gaps: [
      "Whether the signer signed is in the status of the request, which is not read here.",
      "Serving certificates are no identity and not reported, whatever name is in them.",
      "Signers of other products are reported for names of the cluster only: the server does not trust them.",
    ],
    triage: [
      {
        do: "See what is asked for, whether it was approved and whether a certificate was issued.",
        cli: "kubectl get certificatesigningrequest '{target.name}' -o json | jq -r .spec.request | base64 -d | openssl req -noout -subject; kubectl describe certificatesigningrequest '{target.name}'",
      },
      {
        do: "See who requested and who approved: one person doing both is the usual back door.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, objectRef.subresource, responseStatus.code, responseStatus.message | filter objectRef.resource = "certificatesigningrequests" and objectRef.name = "{target.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See whether a certificate was used to log in. It cannot be revoked: take away what is bound to its name.",
        audit:
          "fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0, sourceIPs.1 | filter @message like /X509SHA256=/ and not (user.username like /^(system:kube-|eks:)/) | sort requestReceivedTimestamp desc",
      },
    ],
  },
  on: "nameGrant",
  params: Type.Object({}),
  detect(request) {
    const { actor, facets, object, dryRun } = request;
    const { means, action, signer, content, body } = facets.nameGrant;
    if (means !== "certificate" || !asks(request) || isAutoApproval(request)) return undefined;
    const names = namesOf(content);
    const given = [...names.user.map((name) => of("user", name)), ...names.groups.map((name) => of("group", name))];
    const strong = given.filter(({ standing }) => standing !== "plain");
    const severity = weigh(request, given.length === 0, strong);
    if (severity === undefined) return undefined;
    const tried = attempted(request) || dryRun;
    const subject = given.map(({ name }) => name).join(", ");
    return {
      sentence: `${nameOf(actor)} ${tried ? "tried to " : ""}${VERBS[action][tried ? 0 : 1]} a client certificate${subject && ` for ${subject}`}`,
      on: `certificatesigningrequests/${object.name}`,
      severity: tried ? lowered(severity) : severity,
      evidence: [
        { field: "spec.signerName", value: signer },
        { field: "subject CN", value: names.user.join(", ") },
        { field: "subject O", value: names.groups.join(", ") },
        { field: "spec.username", value: text(request.requestBody, "spec", "username") ?? "" },
        { field: "responseStatus.message", value: attempted(request) ? request.message : "" },
      ].filter(({ value }) => value !== ""),
      reasons: [
        ...strong.map(({ name, standing }) => meaningOf(name, standing)),
        ...(body && given.length === 0 ? ["no name can be read in the request"] : []),
        ...(body ? [] : ["what is asked for is not in the record"]),
      ],
    };
  },
});

const VERBS = {
  request: ["request", "requested"],
  approve: ["approve", "approved"],
  write: ["write", "wrote"],
} as const;

interface Given {
  readonly name: string;
  readonly standing: Standing;
}

const of = (kind: "user" | "group", name: string): Given => ({ name, standing: standingOf(kind, name) });

/** A request, or its approval. The signer's own writes go to `status`; what is asked for cannot be changed later. */
function asks({ verb, object, facets, requestBody, responseBody }: Grant): boolean {
  if (facets.nameGrant.action !== "approve")
    return object.subresource === "" && (verb === "create" || verb === "patch");
  // A refusal is written to the same place.
  const conditions = [requestBody, responseBody].flatMap((body) => list(body, "status", "conditions"));
  return conditions.length === 0 || conditions.some((condition) => text(condition, "type") === "Approved");
}

const KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";

/** The controller of the server that approves what kubelets ask for themselves. */
const isAutoApproval = ({ actor, facets }: Grant): boolean =>
  actor.name === "system:serviceaccount:kube-system:certificate-controller" &&
  facets.nameGrant.action === "approve" &&
  facets.nameGrant.signer === KUBELET_CLIENT;

const SERVING: ReadonlySet<string> = new Set(["kubernetes.io/kubelet-serving", "beta.eks.amazonaws.com/app-serving"]);

/** Undefined for what is no identity in the cluster: a serving certificate, or one of another product's signer. */
function weigh(request: Grant, unreadable: boolean, strong: readonly Given[]): Severity | undefined {
  const { actor, facets, requestBody, responseBody } = request;
  const { signer, body } = facets.nameGrant;
  if (!body) return isLikelyServing(request) ? undefined : "low";
  if (SERVING.has(signer)) {
    const usages = [requestBody, responseBody].flatMap((object) => texts(object, "spec", "usages"));
    // The signer refuses such a request, so it is an attempt at most.
    return usages.includes("client auth") ? "medium" : undefined;
  }
  if (signer !== "kubernetes.io/kube-apiserver-client" && signer !== KUBELET_CLIENT)
    return strong.length > 0 ? "low" : undefined;
  if (strong.length > 0) return isOwnName(request, strong) ? "low" : "high";
  const workload = ["service-account", "node", "anonymous"].includes(actor.kind);
  return workload || unreadable ? "medium" : "low";
}

/** Without a body: every kubelet asks for a serving certificate, and EKS approves it. */
const isLikelyServing = (request: Grant): boolean =>
  !attempted(request) && (request.actor.kind === "node" || isEksItself(request.actor));

/** A kubelet that asks for its own identity, as kubelets do elsewhere. On EKS they log in with their role. */
const isOwnName = ({ actor, facets }: Grant, names: readonly Given[]): boolean =>
  facets.nameGrant.signer === KUBELET_CLIENT &&
  actor.kind === "node" &&
  names.every(({ name }) => name === actor.name || name === "system:nodes");
