import { looksAround } from "../reconnaissance.ts";
import type { Habits } from "../role-habits.ts";

export const [LOW, MEDIUM, HIGH] = ["low", "medium", "high"] as const;

interface Worth {
  readonly severity: typeof LOW | typeof MEDIUM | typeof HIGH;
  /** Why it may be the application's own. */
  readonly reasons: readonly string[];
}

/** Of a call that was allowed, and that neither the pod nor its role is known for. A release calls what the one before did not (B-54): of a pod that is
 * of today, only what an intruder begins with, or what its peers do not call, wakes anybody. */
export function worthOf(
  { api }: { readonly api: string },
  how: string,
  { knownPod, knownRole, company }: Habits,
  missing: readonly string[],
): Worth {
  const low = (reason: string): Worth => ({ severity: LOW, reasons: [reason, ...missing] });
  const medium = (...reasons: readonly string[]): Worth => ({ severity: MEDIUM, reasons: [...reasons, ...missing] });
  if (/^port-?forward/i.test(how)) return low("a forwarded port reaches the application and runs nothing in its pod");
  if (!knownRole) return low("its role was not seen on an earlier day: what it calls seldom is new, too");
  if (knownPod) return missing.length === 0 ? { severity: HIGH, reasons: [] } : medium();
  if (looksAround({ api })) return medium("the pod is of today, but its role never looked around so");
  if (company) return medium("the pod is of today, but its peers do not call it");
  return low("the pod is of today, and there are no others of its role to compare with: its release may call it");
}
