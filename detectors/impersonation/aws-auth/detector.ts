import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { severityRank } from "../../../schemas/findings/finding.ts";
import { at, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { isEksByName, isEksItself } from "../eks-itself.ts";
import { meaningOf, type Standing, standingOf } from "../standing.ts";

type Grant = EventOn<"nameGrant">;

/** B-23, A15: aws-auth written. Unlike an access entry it refuses no name. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/aws-auth",
    version: 1,
    title: "aws-auth maps IAM identities to names of the cluster",
    description:
      "The ConfigMap aws-auth maps IAM roles and users to names and groups of the cluster, and refuses none: a component of Auto Mode, a user of AWS, system:masters. On clusters that know access entries only it has no effect, and there is no reason to write it.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.006" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: ["requestObject.data", "responseObject.data", "verb", "user", "responseStatus.code"],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/migrating-access-entries.html",
    ],
    gaps: [
      "A create is logged at level Metadata: what an aws-auth says that was deleted and made again is not in the log.",
      "Whether the cluster still heeds aws-auth (authenticationMode) is not in the record.",
      "What a mapping of a plain name may do is decided by bindings elsewhere.",
    ],
    triage: [
      {
        do: "See whether the cluster heeds aws-auth at all: with API it does not.",
        cli: "aws eks describe-cluster --name '{cluster}' --region '{region}' --query cluster.accessConfig.authenticationMode",
      },
      {
        do: "Read it. Every role and user in it must have an owner; nobody but nodes has names or groups with system:node, and nothing has names of eks.",
        cli: "kubectl get configmap aws-auth --namespace kube-system -o yaml",
      },
      {
        do: "See all writes to it. A delete and a create in a row hide what was changed.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter objectRef.resource = "configmaps" and objectRef.name = "aws-auth" and not (verb in ["get", "list", "watch"]) | sort requestReceivedTimestamp asc',
      },
    ],
  },
  on: "nameGrant",
  params: Type.Object({}),
  detect(request, _params, site) {
    const { actor, facets, dryRun } = request;
    if (facets.nameGrant.means !== "aws-auth") return undefined;
    const names = namesIn(request);
    const worst = names.map(weightOf).sort((a, b) => severityRank(b) - severityRank(a))[0] ?? "low";
    // EKS maps the roles of managed node groups, and carries over what stands there; administrators' groups among it.
    if (isEksItself(actor) && !names.some(isForeign)) return undefined;
    const tried = attempted(request) || dryRun;
    const severity = isEksByName(actor) && worst !== "high" ? "low" : worst;
    return {
      sentence: `${nameOf(actor)} ${tried ? TRIED : ""}${(tried ? VERBS : PAST)[request.verb] ?? request.verb} aws-auth${named(names)}`,
      on: "configmaps/kube-system/aws-auth",
      severity: tried ? lowered(severity) : severity,
      evidence: [
        { field: "data.mapRoles, data.mapUsers", value: facets.nameGrant.content },
        { field: "data.mapAccounts", value: accountsIn(request) },
        { field: "responseStatus.message", value: attempted(request) ? request.message : "" },
      ].filter(({ value }) => value !== ""),
      reasons: [
        ...names.filter(({ standing }) => standing !== "plain").map(({ name, standing }) => meaningOf(name, standing)),
        ...(accountsIn(request) === "" ? [] : ["lets in every IAM identity of whole accounts"]),
        ...(request.verb === "create" && !facets.nameGrant.body ? ["what it says is not in the log"] : []),
        ...(request.verb === "delete" ? ["whoever it named is locked out; a create afterwards hides the change"] : []),
      ],
      notExempted: [
        ...(site.gitOps.has(actor.name) ? [`${actor.name} applies what is in a repository`] : []),
        ...(isEksByName(actor) ? ["EKS writes aws-auth for managed node groups, but with none of these names"] : []),
      ],
    };
  },
});

const TRIED = "tried to ";
const VERBS: Readonly<Record<string, string>> = {
  create: "create",
  update: "replace",
  patch: "change",
  delete: "delete",
};
const PAST: Readonly<Record<string, string>> = {
  create: "created",
  update: "replaced",
  patch: "changed",
  delete: "deleted",
};

interface Mapped {
  readonly name: string;
  readonly standing: Standing;
}

/** Names with a prefix that means something to the server, where no ARN has the same word; and what EKS's own role is called. */
const NAMES =
  /(?<![\w:@.-])(?:(?:eks(?:-auto|-runtime|-managed|-event-service)?|system):|arn:[\w-]+:sts::\d*:assumed-role\/AWSServiceRole)[\w:.{}@/-]+/gi;

/** YAML as the authenticator reads it: a quoted scalar may spell any letter as an escape, or break a line within a word. */
const plainYaml = (yaml: string): string =>
  yaml
    .replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8}))/gi, (_, x?: string, u?: string, long?: string) =>
      String.fromCharCode(Number.parseInt(x ?? u ?? long ?? "20", 16)),
    )
    .replace(/\\\n\s*/g, "");

function namesIn({ verb, requestBody, facets }: Grant): Mapped[] {
  // A patch of labels is answered with the whole map.
  const other = verb === "patch" && requestBody !== undefined && !Array.isArray(requestBody);
  if (other && at(requestBody, "data") === undefined) return [];
  const names = new Set(plainYaml(facets.nameGrant.content).match(NAMES) ?? []);
  return [...names].map((name) => ({ name, standing: eitherOf(name) }));
}

/** The text alone does not tell a user from a group. */
function eitherOf(name: string): Standing {
  const group = standingOf("group", name);
  const user = standingOf("user", name);
  return user === "control-plane" || group === "component" || group === "node" ? group : user;
}

const isForeign = ({ standing }: Mapped): boolean => !["node", "masters", "plain"].includes(standing);

function weightOf({ standing }: Mapped): Severity {
  if (standing === "node" || standing === "plain") return "low";
  return standing === "masters" ? "medium" : "high";
}

const accountsIn = ({ requestBody }: Grant): string => text(requestBody, "data", "mapAccounts") ?? "";

const named = (names: readonly Mapped[]): string => {
  const told = names.filter(({ standing }) => standing !== "node" && standing !== "plain").map(({ name }) => name);
  return told.length === 0 ? "" : `, which names ${told.join(", ")}`;
};
