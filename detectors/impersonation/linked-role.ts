import type { AwsBase } from "../../schemas/events/cloudtrail/call.ts";

/** The role that EKS links to itself. Its path is AWS's alone; a role of that name elsewhere is anybody's (eks-auto-mode.md §2.2). */
export const isLinkedRole = (arn: string | undefined): boolean =>
  /^arn:[\w-]+:iam::\d{12}:role\/aws-service-role\/eks\.amazonaws\.com\/AWSServiceRoleForAmazonEKS$/.test(arn ?? "");

/** EKS itself, calling with that role. */
export const isByLinkedRole = ({ actor }: AwsBase): boolean =>
  actor.invokedBy === "eks.amazonaws.com" && isLinkedRole(actor.roleArn);
