import { givesCredentials, looksAround } from "../reconnaissance.ts";
import type { Habits } from "../role-habits.ts";

export const [LOW, MEDIUM, HIGH] = ["low", "medium", "high"] as const;

interface Worth {
  readonly severity: typeof LOW | typeof MEDIUM | typeof HIGH;
  /** Why it may be the application's own. */
  readonly reasons: readonly string[];
}

const isForward = (how: string): boolean => /^port-?forward/i.test(how);
const NOTHING_RUN = "a forwarded port reaches the application and runs nothing in its pod";

/** Of a call that was refused. An application is refused now and then by itself, and what it usually calls tells nobody apart; from a shell the same API is
 * asked for more than the application has a right to, if it gives secrets. Through a port only what the application can be talked into is asked, and whoever
 * has found out how asks around (B-54, B-55). */
export function worthOfRefusal(
  use: { readonly api: string },
  how: string,
  isNew: (api: string) => boolean,
  { refused, missing }: { readonly refused: readonly { readonly api: string }[]; readonly missing: readonly string[] },
): Worth {
  const low = (reason: string): Worth => ({ severity: LOW, reasons: [reason, ...missing] });
  const news = refused.filter(({ api }) => isNew(api));
  const asksAround = isNew(use.api) && (news.length > 1 || looksAround(use));
  if (isForward(how) && !asksAround) return low(NOTHING_RUN);
  if (isNew(use.api)) return { severity: missing.length === 0 ? HIGH : MEDIUM, reasons: missing };
  if (refused.length === 1 && !givesCredentials(use)) return low("an application is refused now and then by itself");
  return { severity: MEDIUM, reasons: missing };
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
  if (isForward(how)) return low(NOTHING_RUN);
  if (!knownRole) return low("its role was not seen on an earlier day: what it calls seldom is new, too");
  if (knownPod) return missing.length === 0 ? { severity: HIGH, reasons: [] } : medium();
  if (looksAround({ api })) return medium("the pod is of today, but its role never looked around so");
  if (company) return medium("the pod is of today, but its peers do not call it");
  return low("the pod is of today, and there are no others of its role to compare with: its release may call it");
}
