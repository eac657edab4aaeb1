import type { Finding } from "../../schemas/findings/finding.ts";

/** What is said of each request, by its auditID: `detector (severity)`, in a fixed order. */
export function flagsOf(findings: readonly Finding[]): Map<string, readonly string[]> {
  const said = findings.flatMap(({ events, detector, severity }) =>
    events.map((event) => [event, `${detector} (${severity})`] as const),
  );
  const byRequest = Map.groupBy(said, ([event]) => event);
  return new Map([...byRequest].map(([event, flags]) => [event, flags.map(([, flag]) => flag).sort()]));
}
