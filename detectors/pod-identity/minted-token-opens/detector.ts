import Type from "typebox";
import { roleOf } from "../../../schemas/arn.ts";
import { tokenMinters } from "../../core/token-minters.ts";
import { defineJoinDetector } from "../../ledger/contracts.ts";
import { privilegedNamespaces } from "../privileged-namespaces.ts";
import { POD_IDENTITY } from "../token-audiences.ts";
import { isByDesign, wayOf } from "./opening.ts";

/** B-16, the ledger's part: a token for AWS that no kubelet minted, and what it opens. */
export const detector = defineJoinDetector({
  meta: {
    id: "pod-identity/minted-token-opens",
    version: 1,
    title: "Token for AWS minted by no kubelet, and the AWS role that it opens",
    description:
      "Somebody other than a kubelet minted a service account token that AWS takes. The service account has a role in AWS by an association, or a session was opened with such a token right after: from the address of whoever minted it, or for the very pod that it was bound to. The token is not just odd, it is good for that role.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: [
      "user",
      "sourceIPs",
      "requestObject.spec.audiences",
      "requestObject.spec.boundObjectRef",
      "annotations.authentication.kubernetes.io/issued-credential-id",
      "userIdentity.userName",
      "sourceIPAddress",
      "requestParameters.tags",
      "responseElements.association",
    ],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html",
    ],
    gaps: [
      "No record names the token that a session was opened with: it is told by the address, or by pod and time. A pod that fetches its credentials within ten minutes after by itself looks the same.",
      "A web identity names no cluster: service accounts of one name in two clusters of an account are one.",
      "Whoever reaches the API server over another address than STS is not recognised by it; a token that goes from node to node is pod-identity/exchange-surplus's.",
      "Associations are known since the ledger began.",
    ],
    triage: [
      {
        do: "Ask the minter what it was for; see what else they did around it.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Find the sessions of this service account, and with their keys every call.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.userName, sourceIPAddress, requestParameters.roleArn, responseElements.credentials.accessKeyId | filter eventName in ["AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleForPodIdentity"] | sort eventTime asc',
      },
      {
        do: "Nobody owns up: cut the role off (delete the association, or the service account from the role's trust), and revoke its sessions.",
        cli: "aws eks list-pod-identity-associations --cluster-name '{cluster}' --region '{region}' --query 'associations[].associationId' --output text | xargs -n 1 aws eks describe-pod-identity-association --cluster-name '{cluster}' --region '{region}' --association-id",
      },
    ],
    syntheticShape: true,
  },
  watch: "mintDay",
  match: ["minted", "opens"],
  params: Type.Object({ minters: tokenMinters, privileged: privilegedNamespaces }),
  detect([minted, opens], { id, params }) {
    const [account = "", namespace = "", name = ""] = id.split("/");
    if (isByDesign(minted, namespace, params)) return undefined;
    const audiences = minted.audiences.split(" ");
    const forPods = audiences.includes(POD_IDENTITY);
    const way = wayOf(minted, opens, forPods);
    if (way === undefined) return undefined;
    const whose = `${namespace}/${name}`;
    const role = roleOf(opens.role)?.name ?? opens.role;
    const robot = minted.kind === "service-account" && !forPods;
    const proven = robot ? ("medium" as const) : ("critical" as const);
    return {
      sentence: `${minted.by} minted a token of service account ${whose} for ${minted.audiences}, ${way.told(role)}`,
      by: `mint/${minted.by}/${account}/${whose}`,
      on: way.on,
      at: minted.time,
      actor: { kind: minted.kind, name: minted.by, groups: [] },
      action: "create serviceaccounts/token",
      target: whose,
      scope: { account, region: minted.region, cluster: minted.cluster },
      ...(minted.ip !== "" && { sourceIP: minted.ip }),
      severity: way.on === "association" ? "high" : proven,
      ...(robot && { confidence: "low" as const }),
      evidence: [
        {
          field: "token.minted",
          value: `${minted.token} for ${minted.audiences} from ${minted.ip} at ${minted.time}`,
          event: minted.source,
        },
        {
          field: "token.opens",
          value: `${opens.how} ${opens.role} ${opens.ip} at ${opens.time}`,
          event: opens.source,
        },
      ],
      reasons: [way.why],
    };
  },
});
