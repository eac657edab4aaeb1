/** Calls by which somebody who holds a key that is not his finds out what it opens. */
const DISCOVERY =
  /^(?:[^:]+:(?:List|Describe|Lookup|Search)|sts:GetCallerIdentity$|iam:Get|s3:GetBucket|organizations:|[^:]+:GetAccount)/;
/** Calls that give further credentials, or what is usually one. */
const CREDENTIALS =
  /^(?:secretsmanager:(?:Batch)?GetSecretValue|ssm:GetParameter.*|sts:(?:AssumeRole.*|GetSessionToken|GetFederationToken)|iam:Create(?:AccessKey|LoginProfile|ServiceSpecificCredential)|ecr:GetAuthorizationToken|lambda:GetFunction|ec2:GetPasswordData|redshift:GetClusterCredentials)$/;

interface Use {
  /** `service:action`. */
  readonly api: string;
}

export const givesCredentials = ({ api }: Use): boolean => CREDENTIALS.test(api);

export const looksAround = (use: Use): boolean => DISCOVERY.test(use.api) || givesCredentials(use);

export interface Operator {
  /** `namespace/service account`. */
  readonly account: string;
  /** Services of AWS that it looks into by right. */
  readonly services: readonly string[];
}

/** Operators that read secrets of the cluster and manage things of AWS, under the names that they install themselves with. */
export const OPERATORS: Operator[] = [
  { account: "external-secrets/external-secrets", services: ["secretsmanager", "ssm", "sts", "ecr"] },
  {
    account: "kube-system/aws-load-balancer-controller",
    services: ["ec2", "elasticloadbalancing", "acm", "cognito-idp", "wafv2", "waf-regional", "shield", "iam", "sts"],
  },
  { account: "cert-manager/cert-manager", services: ["route53", "acm-pca", "sts"] },
  { account: "argocd/argocd-application-controller", services: ["eks", "ecr", "sts"] },
  { account: "argocd/argocd-repo-server", services: ["ecr", "sts"] },
  { account: "flux-system/source-controller", services: ["ecr", "s3", "sts"] },
  { account: "velero/velero", services: ["ec2", "s3", "sts"] },
];
