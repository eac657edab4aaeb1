import { inRanges, isPublic } from "../../schemas/address.ts";
import type { AwsCall } from "../../schemas/events/cloudtrail/facets.ts";

/** What the two policies of an Auto Mode node's role allow, and so all that its nodes call (eks-auto-mode.md §5). */
export const NODE_APIS: readonly string[] = [
  "eks-auth:AssumeRoleForPodIdentity",
  "ecr:GetAuthorizationToken",
  "ecr:BatchGetImage",
  "ecr:GetDownloadUrlForLayer",
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchImportUpstreamImage",
];

/** What agents in hostNetwork pods try with the node's role when they have none of their own (detections.md d.1). */
export const FALLBACK_APIS: readonly string[] = ["ec2:DescribeTags", "ec2:DescribeInstances"];

/** aws-iam-authenticator calls the URL with Go's own client, from the control plane: never from the cluster's egress
 * nor from its VPC. */
export function looksLikeAuthenticator(
  { userAgent, sourceIP, vpcEndpointId }: Pick<AwsCall, "userAgent" | "sourceIP" | "vpcEndpointId">,
  egress: readonly string[],
): boolean {
  const outside = vpcEndpointId === undefined && isPublic(sourceIP) && !inRanges(sourceIP, egress);
  return outside && /^Go-http-client\/[\d.]+$/.test(userAgent);
}
