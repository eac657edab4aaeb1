import { decodePath } from "../../schemas/events/k8s-audit/uri.ts";

/** Keys by which the IAM authenticator of EKS tells who a user is in AWS. */
const AUTHENTICATOR: ReadonlySet<string> = new Set([
  "accesskeyid",
  "arn",
  "canonicalarn",
  "principalid",
  "sessionname",
]);
const NAMESPACES = ["authentication.kubernetes.io/", "sigs.k8s.io/aws-iam-authenticator/"];

/** An extra key that says who somebody is: credential, pod and node of a token, key and role of an IAM session. A header lower-cases keys,
 * unless letters of them are written as %xx: so neither case nor escapes count (audit-recorded.md 6). */
export function isIdentityKey(key: string): boolean {
  const plain = decodePath(key).toLowerCase();
  return AUTHENTICATOR.has(plain) || NAMESPACES.some((namespace) => plain.startsWith(namespace));
}
