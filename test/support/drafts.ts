import { compose, type Draft } from "../../detectors/core/compose.ts";
import type { DetectorMeta } from "../../detectors/core/contracts.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import { auditEvent } from "./events.ts";

const meta: DetectorMeta = {
  ...{ id: "test/one", version: 1, title: "t", description: "d", severity: "high", confidence: "high" },
  ...{ status: "stable", attack: [{ tactic: "TA0004", technique: "T1134" }], triage: [{ do: "look" }] },
  ...{ reads: [], references: [], gaps: [] },
};

export interface Told {
  /** The event, by its id. */
  readonly event?: string;
  /** What it was done to: another one is another finding. */
  readonly on?: string;
  readonly severity?: Severity;
  readonly second?: number;
  readonly reason?: string;
}

/** The finding of one event, as a detector's hit on it makes one. */
export function draftOf({ event = "e", on = "x", severity = "low", second = 0, reason }: Told = {}): Draft {
  const requestReceivedTimestamp = new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString();
  const hit = { sentence: `${on} at ${second}`, on, evidence: [], ...(reason !== undefined && { reasons: [reason] }) };
  return compose({ meta, severity, event: auditEvent({ auditID: event, requestReceivedTimestamp }), hit }, [], []);
}
