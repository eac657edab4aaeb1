import { roleOf } from "../../../arn.ts";
import { at, compact, keys, text } from "../../../json.ts";
import type { AwsBase, AwsFacetRule } from "../call.ts";
import { deniedResource } from "../denied-resource.ts";
import { type Tag, tagsOf } from "../tags.ts";

/** A call with an EC2 instance's credentials: a session named by an instance id, or with `ec2RoleDelivery`. */
export interface InstanceSession {
  readonly instanceId?: string;
  readonly roleName: string;
  /** "1.0" IMDSv1, "2.0" IMDSv2, undefined: assumed by hand under an instance's name. */
  readonly delivery?: string;
}

export const instanceSession: AwsFacetRule<InstanceSession> = {
  trigger: '"ec2RoleDelivery"|[:/]i-[0-9a-f]{8,17}"',
  find({ actor }: AwsBase): InstanceSession | undefined {
    if (actor.kind !== "node") return undefined;
    return compact({ instanceId: actor.instanceId, roleName: actor.roleName ?? "", delivery: actor.ec2RoleDelivery });
  },
};

/** A call by a role session, however it is named: whoever assumes a role chooses the name, an instance's or a pod's too. */
export interface RoleSession {
  readonly roleName: string;
  readonly roleArn?: string;
  readonly sessionName: string;
}

export const roleSession: AwsFacetRule<RoleSession> = {
  trigger: '"AssumedRole"|:assumed-role/',
  find({ actor: { roleName, roleArn, sessionName } }: AwsBase): RoleSession | undefined {
    return roleName === undefined || sessionName === undefined
      ? undefined
      : compact({ roleName, roleArn, sessionName });
  },
};

/** STS handing out credentials. */
export interface StsIssue {
  readonly action: string;
  readonly roleArn: string;
  readonly roleName: string;
  readonly sessionName: string;
  /** The service that asked for itself or for an instance or pod: `ec2.amazonaws.com`, `pods.eks.amazonaws.com`, `eks.amazonaws.com`. */
  readonly invokedBy?: string;
  readonly tags: readonly Tag[];
  readonly issuedKey?: string;
  readonly issuedPrincipal?: string;
}

export const stsIssue: AwsFacetRule<StsIssue> = {
  trigger: '"(?:AssumeRole[A-Za-z]*|GetSessionToken|GetFederationToken)"',
  find(call: AwsBase): StsIssue | undefined {
    if (call.service !== "sts" || !/^(?:AssumeRole|GetSessionToken|GetFederationToken)/.test(call.action))
      return undefined;
    const { requestParameters: params, responseElements: answer } = call;
    const refused = deniedResource(call);
    const roleArn = text(params, "roleArn") ?? (refused.startsWith("arn:") ? refused : "");
    return compact({
      action: call.action,
      roleArn,
      roleName: roleOf(roleArn)?.name ?? "",
      sessionName: text(params, "roleSessionName") ?? "",
      invokedBy: call.actor.invokedBy ?? call.viaService,
      tags: tagsOf(params),
      issuedKey: text(answer, "credentials", "accessKeyId"),
      issuedPrincipal: text(answer, "assumedRoleUser", "assumedRoleId"),
    });
  },
};

/** `eks-auth:AssumeRoleForPodIdentity`: the agent on a node exchanging a pod's token. Namespace, account and role are not in it (§3.1). */
export interface PodIdentityExchange {
  readonly cluster: string;
  /** The user agent names the agent's SDK client. It can be forged: its absence raises, its presence clears nothing. */
  readonly agentUserAgent: boolean;
}

export const podIdentityExchange: AwsFacetRule<PodIdentityExchange> = {
  trigger: '"AssumeRoleForPodIdentity"',
  find(call: AwsBase): PodIdentityExchange | undefined {
    if (call.service !== "eks-auth" || call.action !== "AssumeRoleForPodIdentity") return undefined;
    return {
      cluster: text(call.requestParameters, "clusterName") ?? "",
      agentUserAgent: /\bapi\/eksauth#/i.test(call.userAgent),
    };
  },
};

/** A session that STS gave for a service account's token alone (IRSA), being opened or used: of which issuer, and with which role (eks-auto-mode.md §3.4,
 * seen). The role chooses no name, unlike the session. */
export interface WebIdentity {
  /** `oidc.eks.REGION.amazonaws.com/id/ID`: one cluster's. */
  readonly issuer: string;
  readonly region: string;
  readonly roleArn: string;
  readonly key: string;
  /** `namespace/name`, where the session is opened; its later records do not tell. */
  readonly serviceAccount?: string;
}

/** The host of dual-stack clusters (`oidc-eks.REGION.api.aws`) is documented, and was not seen. */
const ISSUER =
  /oidc[.-]eks\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)\/id\/\w+/;

export const webIdentity: AwsFacetRule<WebIdentity> = {
  trigger: "oidc[.-]eks\\.",
  find(call: AwsBase): WebIdentity | undefined {
    const identity = at(call.record, "userIdentity");
    const provider =
      text(identity, "sessionContext", "webIdFederationData", "federatedProvider") ??
      text(identity, "identityProvider");
    const [issuer, region = ""] = ISSUER.exec(provider ?? "") ?? [];
    if (issuer === undefined) return undefined;
    const { serviceAccount: account } = call.actor;
    return compact({
      ...{ issuer, region },
      roleArn: call.actor.roleArn ?? text(call.requestParameters, "roleArn") ?? "",
      key: call.actor.accessKeyId ?? text(call.responseElements, "credentials", "accessKeyId") ?? "",
      serviceAccount: account && `${account.namespace}/${account.name}`,
    });
  },
};

/** A write to IAM that changes who may be a role or what it may do, or an instance profile. */
export interface IamWrite {
  readonly roleName: string;
  readonly policyArn?: string;
  readonly instanceProfile?: string;
  /** Policy documents in the request, decoded. */
  readonly document: string;
}

export const iamWrite: AwsFacetRule<IamWrite> = {
  trigger: '"iam\\.amazonaws\\.com"',
  find(call: AwsBase): IamWrite | undefined {
    if (call.service !== "iam" || /^(?:Get|List|Simulate|Generate)/.test(call.action)) return undefined;
    const params = call.requestParameters;
    return compact({
      roleName: text(params, "roleName") ?? /(?:^|:)role\/(?:.*\/)?([^/]+)$/.exec(deniedResource(call))?.[1] ?? "",
      policyArn: text(params, "policyArn"),
      instanceProfile: text(params, "instanceProfileName"),
      document: keys(params)
        .filter((key) => /document$/i.test(key))
        .map((key) => text(params, key) ?? JSON.stringify(at(params, key)))
        .join("\n"),
    });
  },
};
