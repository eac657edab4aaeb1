import type { Scope } from "../../schemas/events/event.ts";
import { idOf } from "./facts.ts";

/** A service account of a cluster on the day of `time` (ISO 8601). */
export const assignmentId = (
  { account, region, cluster }: Scope,
  namespace: string,
  serviceAccount: string,
  time: string,
): string => idOf("assignment", [account, region, cluster, namespace, serviceAccount, time.slice(0, 10)]);
