import { UNKNOWN } from "../../../schemas/events/event.ts";
import { toAsff } from "../../../schemas/findings/asff.ts";
import type { Finding } from "../../../schemas/findings/finding.ts";
import { isAsffFinding } from "../../../schemas/validators.generated.js";
import { safeJson } from "../../terminal.ts";

/** Stands where the log names no account or region. */
export interface Place {
  readonly account: string;
  readonly region: string;
}
const NOWHERE: Place = { account: "000000000000", region: "us-east-1" };

/** A finding as one line of what Security Hub takes, or why Security Hub would refuse it. */
export function asffLine(finding: Finding, fallback: Place = NOWHERE): { line: string } | { refused: string } {
  // Off AWS nobody publishes: the account that the finding is about stands for the publisher.
  const asff = toAsff(finding, {
    account: /^\d{12}$/.test(finding.account) ? finding.account : fallback.account,
    region: finding.region === UNKNOWN ? fallback.region : finding.region,
  });
  if (isAsffFinding(asff)) return { line: safeJson(asff) };
  const [problem] = isAsffFinding.errors ?? [];
  const what = `${problem?.instancePath ?? ""} ${problem?.message ?? "is not valid"}`.trim();
  return { refused: `E_ASFF: ${finding.id} (${finding.detector}): ${what}` };
}
