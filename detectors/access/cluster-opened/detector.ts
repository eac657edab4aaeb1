import Type from "typebox";
import { type Severity, severityRank } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";

/** B-48, the part about who reaches a cluster: UpdateClusterConfig (eks-auto-mode.md §7). What it does to computing is managed-instances/auto-mode-off's, to logs trail/audit-off's. */
export const detector = defineEventDetector({
  meta: {
    id: "access/cluster-opened",
    version: 1,
    title: "Cluster opened to the internet, or one of its guards taken away",
    description:
      "Whoever holds a credential of the cluster (a stolen token of a service account, a node's key) can use it from anywhere once the API is reached from the internet. Where the ConfigMap aws-auth counts beside access entries, whoever may write it makes administrators, and CloudTrail sees nothing of it.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1133" },
      { tactic: "TA0001", technique: "T1133" },
    ],
    reads: [
      "eventName",
      "requestParameters.resourcesVpcConfig",
      "requestParameters.accessConfig",
      "requestParameters.deletionProtection",
      "errorCode",
    ],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
      "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html",
    ],
    gaps: [
      "What was there before is not in the record: a list of networks that is only made shorter looks like one that is set anew.",
      "A cluster that is open from its beginning (CreateCluster) is not judged here: it is AWS's default.",
      "A call that was denied may leave its parameters out of the record; then there is nothing to judge.",
    ],
    triage: [
      {
        do: "See how the cluster stands. Unless its author can explain it, set it back.",
        cli: "aws eks describe-cluster --region '{region}' --name '{cluster}' --query 'cluster.[resourcesVpcConfig,accessConfig,deletionProtection]'",
      },
      {
        do: "See who came in from outside since, and as whom.",
        audit:
          "fields requestReceivedTimestamp, user.username, sourceIPs.0, verb, requestURI, responseStatus.code | filter not (sourceIPs.0 like /^(10|172|192|127)\\./) | sort requestReceivedTimestamp desc",
      },
      {
        do: "See what else was done with the key that did it.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  on: "clusterConfig",
  params: Type.Object({
    networks: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Networks (CIDR) that may reach your clusters' API, as they are given to EKS: quiet.",
    }),
  }),
  detect(call, { networks }) {
    const { actor, action, facets } = call;
    if (action !== "UpdateClusterConfig") return undefined;
    const [change, ...others] = changesOf(facets.clusterConfig, networks).sort(
      (a, b) => severityRank(b.worth) - severityRank(a.worth),
    );
    if (change === undefined) return undefined;
    const { cluster } = facets.clusterConfig;
    const person = actor.kind === "human" || actor.kind === "root";
    return {
      sentence: attempted(call)
        ? `${nameOf(actor)} tried to ${change.infinitive} cluster ${cluster}${change.to} (${call.errorCode || "failed"})`
        : `${nameOf(actor)} ${change.past} cluster ${cluster}${change.to}`,
      on: `cluster/${cluster}`,
      severity: lowered(change.worth, (person ? 0 : 1) + (attempted(call) ? 1 : 0)),
      evidence: [
        ...[change, ...others].map(({ evidence }) => evidence),
        { field: "errorCode", value: call.errorCode },
        { field: "errorMessage", value: call.message },
      ].filter(({ value }) => value !== ""),
      reasons: [
        ...others.map(({ past, to }) => `${past} it${to}, too`),
        ...(person ? [] : ["by no person: a pipeline may set it"]),
      ],
    };
  },
});

interface Change {
  readonly infinitive: string;
  readonly past: string;
  readonly to: string;
  readonly worth: Severity;
  readonly evidence: { readonly field: string; readonly value: string };
}

/** Half of all addresses is not fewer than all: of IPv4 a sixteen-millionth of the internet is the widest that somebody owns. */
const isWide = (cidr: string): boolean => Number(cidr.split("/")[1] ?? Number.NaN) < (cidr.includes(":") ? 16 : 8);

type Config = EventOn<"clusterConfig">["facets"]["clusterConfig"];

function changesOf(config: Config, networks: readonly string[]): Change[] {
  const { authenticationMode, deletionProtection } = config;
  const by = (field: string, value: string): Change["evidence"] => ({ field: `requestParameters.${field}`, value });
  const opened = openedTo(config, networks);
  return [
    ...(opened === undefined
      ? []
      : [
          {
            ...{ infinitive: "open the API of", past: "opened the API of", ...opened },
            evidence: by(
              "resourcesVpcConfig",
              `endpointPublicAccess=${config.publicAccess ?? ""} publicAccessCidrs=${config.publicCidrs.join(",")}`,
            ),
          },
        ]),
    ...(/CONFIG_MAP/.test(authenticationMode)
      ? [
          {
            ...{ infinitive: "let aws-auth say who is who in", past: "let aws-auth say who is who in", to: "" },
            ...{ worth: "medium" as const, evidence: by("accessConfig.authenticationMode", authenticationMode) },
          },
        ]
      : []),
    ...(deletionProtection === false
      ? [
          {
            ...{ infinitive: "take the protection from", past: "took the protection from", to: " against deletion" },
            ...{ worth: "medium" as const, evidence: by("deletionProtection", "false") },
          },
        ]
      : []),
  ];
}

/** To which of the networks that are not known, and what that is worth. */
function openedTo(
  { publicAccess, publicCidrs }: Config,
  networks: readonly string[],
): Pick<Change, "to" | "worth"> | undefined {
  if (publicAccess === false || (publicAccess === undefined && publicCidrs.length === 0)) return undefined;
  // Without a list EKS keeps the one that is there, at first every address.
  if (publicCidrs.length === 0) return { to: " to the internet", worth: "high" };
  const strange = publicCidrs.filter((cidr) => !networks.includes(cidr));
  if (strange.some(isWide)) return { to: " to every address", worth: "high" };
  return strange.length === 0 ? undefined : { to: ` to ${strange.join(", ")}`, worth: "medium" };
}
