import type { ValueOf } from "../ledger/entities.ts";
import { LATE_MS } from "../ledger/span-relays.ts";
import type { Known } from "../ledger/view.ts";

type Use = Known<ValueOf<"use", "used">>;

/** The use of a key that is said to be after its pod, if its first time in that hour was. */
export function lateUse(late: ValueOf<"key", "late">, uses: readonly Use[]): Use | undefined {
  const use = uses.find(
    ({ trail, time, api, ip, outcome }) =>
      trail === "CloudTrail" && time === late.time && api === late.api && ip === late.ip && outcome === late.outcome,
  );
  return use !== undefined && Date.parse(use.since) - Date.parse(late.gone) >= LATE_MS ? use : undefined;
}
