import type { Draft } from "../core/compose.ts";
import { detectorError, threwBy } from "../core/health.ts";
import { composeLedger } from "./compose.ts";
import type { LedgerHit } from "./contracts.ts";
import type { Ref } from "./facts.ts";
import type { Thrown } from "./judge.ts";

/** The health finding of something that threw on an entity: one a day and detector (or learner, or relay), counted by entity. */
export function ledgerHealthDraft(what: string, ref: Ref, { cause, at, event }: Thrown): Draft {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const hit: Omit<LedgerHit, "evidence"> = {
    sentence: `${what} failed on ${ref.kind} ${ref.id}: ${error.message}`,
    by: what,
    on: "pipeline",
    at,
    actor: { kind: "unknown", name: "unknown", groups: [] },
    action: "judge",
    target: ref.id,
    outcome: "unknown",
  };
  const evidence = [
    { field: "entity", value: `${ref.kind} ${ref.id}`, event },
    { field: "error", value: `${error.name}: ${error.message}`, event },
  ];
  return { ...composeLedger(detectorError, ref, { ...hit, evidence }, detectorError.severity), threw: threwBy(what) };
}
