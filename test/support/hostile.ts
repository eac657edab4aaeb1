import fc from "fast-check";

const words = (text: string): readonly string[] => text.split(" ").filter(Boolean);

/** Texts that the screen and the framing go by, whole and in pieces: in the wrong place they must change nothing. */
const BAIT = [
  ...words(String.raw`" \ \" \\ "," ":[" ":{" { } [ ] : , / % & <&> }{" .. //`),
  ...["\n", "\u0000", "\u2028", "\ud800", "cannot impersonate"],
  ...words(
    '"auditID":" ","stage":" ","requestURI":" ","verb":" ","user":{ "username":" "uid":" "sourceIPs":[" "objectRef":{',
  ),
  ...words(
    '"responseStatus":{ "requestObject":{ "responseObject": "code":403 "requestReceivedTimestamp":" "impersonatedUser":{',
  ),
  ...words(
    "auditID stage user username groups extra arn impersonatedUser sourceIPs userAgent objectRef resource subresource name",
  ),
  ...words(
    "responseStatus requestObject responseObject requestReceivedTimestamp annotations exec proxy status aws-auth",
  ),
  ...words("system:anonymous system:unauthenticated eks-auto:coredns eks:managed system:node:i-0a1b2c3d4e5f60001"),
  ...words(
    "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/x arn:aws:sts::111122223333:assumed-role/app/x",
  ),
  ...words(
    "/api/v1/namespaces/a/pods/b/exec authentication.k8s.io/legacy-token fieldSelector=spec.nodeName%3Di-0a1b2c3d4e5f60001",
  ),
] as const;

export const bait = fc.constantFrom<string>(...BAIT);

/** What a client, an administrator or a webhook may write anywhere. */
export const hostile = fc
  .array(fc.oneof({ arbitrary: bait, weight: 4 }, fc.string({ maxLength: 3, unit: "binary" })), { maxLength: 3 })
  .map((parts) => parts.join(""));

/** Four times out of five what is usual there. */
export const mostly = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: usual, weight: 4 }, other);

/** One of the words of the text; else something hostile. */
export const wordOf = (text: string, other: fc.Arbitrary<string> = hostile): fc.Arbitrary<string> =>
  mostly(fc.constantFrom(...words(text)), other);
