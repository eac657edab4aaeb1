import type { RawRecord } from "../records.ts";

/** An audit event as Go begins it, and a CloudTrail record as CloudTrail does. The first digit keeps S3's notifications out, whose version is 2. */
const AUDIT = '{"kind":"Event","apiVersion":"audit.k8s.io';
const CLOUDTRAIL = '{"eventVersion":"1.';

/** The trail of a record that is told by its first characters, where `text` is compact JSON: most are, and need no parsing to be told. */
export function trailByHead(text: string, at = 0): RawRecord["trail"] | undefined {
  if (text.startsWith(AUDIT, at)) return "k8s-audit";
  return text.startsWith(CLOUDTRAIL, at) ? "cloudtrail" : undefined;
}
