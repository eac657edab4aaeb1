import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";

/** An OIDC provider of a cluster is an authority beside IAM: who runs it, decides who is who (eks-auto-mode.md §7). */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/identity-provider",
    version: 1,
    title: "Cluster made to trust the users of an OIDC identity provider",
    description:
      "A cluster takes the users and groups that its OIDC identity provider signs as they are, beside those of IAM, and no access entry shows them. Whoever runs the provider can be any user and in any group that a role binding names, without an AWS key, and CloudTrail sees nothing of it.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1484.002" },
      { tactic: "TA0005", technique: "T1484.002" },
    ],
    reads: ["eventName", "requestParameters.oidc", "errorCode", "userIdentity"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html",
      "https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateIdentityProviderConfig.html",
    ],
    gaps: [
      "Who came in by it is not told apart here: its users have no IAM identity in the audit log.",
      "A call that was denied may leave its parameters out of the record; then the issuer is not named.",
    ],
    triage: [
      {
        do: "Ask who runs the issuer. Unless its author can explain it, take it away; that takes some minutes.",
        cli: "aws eks list-identity-provider-configs --cluster-name '{cluster}' --region '{region}'",
      },
      {
        do: "See who came to the cluster without an IAM identity since, and did what.",
        audit:
          "fields requestReceivedTimestamp, user.username, user.groups.0, verb, requestURI, responseStatus.code, sourceIPs.0 | filter not ispresent(user.extra.arn.0) and not (user.username like /^(system|eks):/) | sort requestReceivedTimestamp desc",
      },
      {
        do: "See what else was done with the key that set it.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  on: "identityProvider",
  params: Type.Object({
    issuers: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Issuer URLs that your clusters trust: quiet.",
    }),
  }),
  detect(call, { issuers }) {
    const { actor, facets } = call;
    const { cluster, name, issuerUrl, clientId, usernamePrefix, groupsPrefix, groupsClaim } = facets.identityProvider;
    if (issuers.includes(issuerUrl)) return undefined;
    const robot = actor.kind !== "human" && actor.kind !== "root";
    return {
      sentence: `${nameOf(actor)} ${attempted(call) ? "tried to make" : "made"} cluster ${cluster || "(not named)"} trust the users of ${issuerUrl || "an OIDC provider"}`,
      on: `identity provider of ${cluster}`,
      severity: lowered("high", (robot ? 1 : 0) + (attempted(call) ? 1 : 0)),
      evidence: [
        { field: "requestParameters.oidc.identityProviderConfigName", value: name },
        { field: "requestParameters.oidc.issuerUrl", value: issuerUrl },
        { field: "requestParameters.oidc.clientId", value: clientId },
        { field: "errorCode", value: call.errorCode },
        { field: "errorMessage", value: call.message },
      ].filter(({ value }) => value !== ""),
      reasons: [
        ...(groupsClaim !== "" && groupsPrefix === ""
          ? [`its claim ${groupsClaim} names groups of the cluster as they are`]
          : []),
        ...(usernamePrefix === "-" ? ["its users have no prefix: it can name any user of the cluster"] : []),
        ...(robot ? ["by no person: a pipeline may set it"] : []),
      ],
    };
  },
});
