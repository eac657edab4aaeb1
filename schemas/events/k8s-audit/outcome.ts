import type { Outcome } from "../event.ts";

interface Answer {
  readonly stage: string;
  readonly code: number | undefined;
  readonly decision: string;
  readonly subresource: string;
  readonly verb: string;
}

const STREAMS: ReadonlySet<string> = new Set(["exec", "attach", "portforward", "proxy"]);
const BODIES: ReadonlySet<string> = new Set(["create", "update", "patch"]);

/** What became of the request, as three server versions write it (audit-recorded.md 1, 2, 7, 8, 9). */
export function outcomeOf({ stage, code, decision, subresource, verb }: Answer): Outcome {
  if (stage === "Panic") return "failed";
  if (stage === "RequestReceived" || code === undefined) return "unknown";
  if (code === 401) return "unauthenticated";
  if (code === 101) return "started";
  if (code >= 200 && code < 400) return "success";
  if (code === 403) {
    // Since 1.35 a GET exec without the right to create is refused after a first "allow" (9); without any decision it is impersonation (2).
    const byAdmission = decision === "allow" && !STREAMS.has(subresource);
    return byAdmission ? "refused" : "denied";
  }
  const rejected = code === 400 || code === 413 || code === 422;
  return rejected && BODIES.has(verb) && !STREAMS.has(subresource) ? "refused" : "failed";
}
