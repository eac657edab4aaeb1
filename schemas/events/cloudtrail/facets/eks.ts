import { decodeArn } from "../../../arn.ts";
import { at, compact, flag, list, text, texts } from "../../../json.ts";
import type { AwsBase, AwsFacetRule } from "../call.ts";

/** A write to a cluster's access entries (eks-auto-mode.md §7): who may be whom in Kubernetes. */
export interface AccessEntry {
  readonly cluster: string;
  readonly principalArn: string;
  readonly username: string;
  readonly groups: readonly string[];
  readonly type: string;
  readonly policyArn: string;
  readonly scope: string;
}

export const accessEntry: AwsFacetRule<AccessEntry> = {
  trigger: "AccessEntry|AccessPolicy",
  find(call: AwsBase): AccessEntry | undefined {
    if (
      call.service !== "eks" ||
      !/^(?:(?:Create|Update|Delete)AccessEntry|(?:Associate|Disassociate)AccessPolicy)$/.test(call.action)
    )
      return undefined;
    const { requestParameters: params, responseElements: answer } = call;
    const read = (field: string): string => text(params, field) ?? text(answer, "accessEntry", field) ?? "";
    return {
      cluster: text(params, "name") ?? text(params, "clusterName") ?? "",
      principalArn: decodeArn(read("principalArn")),
      username: read("username"),
      groups: texts(params, "kubernetesGroups"),
      type: read("type"),
      policyArn: decodeArn(text(params, "policyArn") ?? ""),
      scope: text(params, "accessScope", "type") ?? "",
    };
  },
};

/** A write to a Pod Identity association. Shape from the API model, no real record was found (eks-auto-mode.md §7, §8.6). */
export interface PodIdentityAssociation {
  readonly cluster: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly roleArn: string;
  readonly targetRoleArn: string;
  readonly sessionTagsOff: boolean;
  readonly associationId: string;
}

export const podIdentityAssociation: AwsFacetRule<PodIdentityAssociation> = {
  trigger: "PodIdentityAssociation",
  find(call: AwsBase): PodIdentityAssociation | undefined {
    if (call.service !== "eks" || !/^(?:Create|Update|Delete)PodIdentityAssociation$/.test(call.action))
      return undefined;
    const { requestParameters: params, responseElements: answer } = call;
    const read = (field: string): string => text(params, field) ?? text(answer, "association", field) ?? "";
    return {
      cluster: text(params, "name") ?? text(params, "clusterName") ?? "",
      namespace: read("namespace"),
      serviceAccount: read("serviceAccount"),
      roleArn: decodeArn(read("roleArn")),
      targetRoleArn: decodeArn(text(params, "targetRoleArn") ?? ""),
      sessionTagsOff: flag(params, "disableSessionTags"),
      associationId: text(params, "associationId") ?? text(answer, "association", "associationId") ?? "",
    };
  },
};

/** A cluster created, deleted or reconfigured. Members from the API model (eks-auto-mode.md §7). */
export interface ClusterConfig {
  readonly cluster: string;
  readonly logging: readonly { readonly types: readonly string[]; readonly enabled: boolean }[];
  /** Undefined when the request does not say. */
  readonly computeEnabled?: boolean;
  readonly nodeRoleArn: string;
  /** The cluster's own role; in CreateCluster only. */
  readonly roleArn: string;
  /** Built-in node pools; undefined when the request does not say. */
  readonly nodePools?: readonly string[];
  /** Whether the API is reached from the internet, and from which networks (CIDR); undefined and none when the request does not say. */
  readonly publicAccess?: boolean;
  readonly publicCidrs: readonly string[];
  /** `API`, `API_AND_CONFIG_MAP`, `CONFIG_MAP`; empty when the request does not say. */
  readonly authenticationMode: string;
  readonly deletionProtection?: boolean;
}

export const clusterConfig: AwsFacetRule<ClusterConfig> = {
  trigger: '"(?:Update|Create|Delete)Cluster(?:Config)?"',
  find(call: AwsBase): ClusterConfig | undefined {
    if (call.service !== "eks" || !/^(?:UpdateClusterConfig|CreateCluster|DeleteCluster)$/.test(call.action))
      return undefined;
    const params = call.requestParameters;
    const truth = (...path: readonly string[]): boolean | undefined => {
      const value = text(params, ...path);
      return value === undefined ? undefined : value === "true";
    };
    return compact({
      cluster: text(params, "name") ?? text(params, "clusterName") ?? "",
      logging: list(params, "logging", "clusterLogging").map((entry) => ({
        types: texts(entry, "types"),
        enabled: flag(entry, "enabled"),
      })),
      computeEnabled: truth("computeConfig", "enabled"),
      nodeRoleArn: text(params, "computeConfig", "nodeRoleArn") ?? "",
      roleArn: text(params, "roleArn") ?? "",
      nodePools:
        at(params, "computeConfig", "nodePools") === undefined
          ? undefined
          : texts(params, "computeConfig", "nodePools"),
      publicAccess: truth("resourcesVpcConfig", "endpointPublicAccess"),
      publicCidrs: texts(params, "resourcesVpcConfig", "publicAccessCidrs"),
      authenticationMode: text(params, "accessConfig", "authenticationMode") ?? "",
      deletionProtection: truth("deletionProtection"),
    });
  },
};

/** An OIDC provider given to a cluster: whoever it vouches for comes in under the names and groups that it says. Members from the API model; no real record was found
 * (https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateIdentityProviderConfig.html). */
export interface IdentityProvider {
  readonly cluster: string;
  readonly name: string;
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly usernamePrefix: string;
  readonly groupsPrefix: string;
  readonly groupsClaim: string;
}

export const identityProvider: AwsFacetRule<IdentityProvider> = {
  trigger: '"AssociateIdentityProviderConfig"',
  find(call: AwsBase): IdentityProvider | undefined {
    if (call.service !== "eks" || call.action !== "AssociateIdentityProviderConfig") return undefined;
    const params = call.requestParameters;
    const oidc = (field: string): string => text(params, "oidc", field) ?? "";
    return {
      cluster: text(params, "name") ?? text(params, "clusterName") ?? "",
      name: oidc("identityProviderConfigName"),
      issuerUrl: oidc("issuerUrl"),
      clientId: oidc("clientId"),
      usernamePrefix: oidc("usernamePrefix"),
      groupsPrefix: oidc("groupsPrefix"),
      groupsClaim: oidc("groupsClaim"),
    };
  },
};
