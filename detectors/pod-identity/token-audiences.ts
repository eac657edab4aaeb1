/** The audience that EKS Auth and the agent on a node accept: whoever holds such a token can ask for the pod's role (detections row B-16). */
export const POD_IDENTITY = "pods.eks.amazonaws.com";

/** The audience of IRSA, `.cn` in the partition of China. */
const STS = /^sts\.amazonaws\.com(?:\.cn)?$/;

export const isAwsAudience = (audience: string): boolean => audience === POD_IDENTITY || STS.test(audience);

/** Audiences that the API server takes for its own: its service name, and the cluster's OIDC issuer on EKS (`oidc-eks` where it is
 * dual-stack). */
export const isApiAudience = (audience: string): boolean =>
  /^(?:https:\/\/)?kubernetes\.default\.svc(?:\.|$)|^https:\/\/oidc[.-]eks\./.test(audience) ||
  audience === "kubernetes";

/** An audience that is neither AWS nor the API server: a token for it opens nothing in the cluster nor in the account. */
export const isForeign = (audience: string): boolean => !isAwsAudience(audience) && !isApiAudience(audience);
