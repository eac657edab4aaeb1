import type { Scope } from "../../schemas/events/event.ts";
import { idOf } from "./facts.ts";

/** For how long what follows an association counts (detections.md B-10). */
export const FOLLOWS_MS = 2 * 3_600_000;

/** A service account of a cluster in the two hours of `time` (ISO 8601): whoever writes the more in them hides no other hours. */
export function assignmentId(
  { account, region, cluster }: Scope,
  namespace: string,
  serviceAccount: string,
  time: string,
): string {
  const from = new Date(Math.floor((Date.parse(time) || 0) / FOLLOWS_MS) * FOLLOWS_MS).toISOString();
  return idOf("assignment", [
    account,
    region,
    cluster,
    namespace,
    serviceAccount,
    from.slice(0, "2026-11-22T10".length),
  ]);
}
