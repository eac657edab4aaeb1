/**
 * What Security Hub does with findings, of which no emulator has more than the storing: moto takes 101 findings, foreign accounts, older
 * updates and any shape. So this is ours, from the documented contract (aws-plumbing.md §2.2); what it cannot be sure of, it refuses.
 */
import { isAsffFinding } from "../../schemas/validators.generated.js";

/** JSON as it came. */
export type Json = Readonly<Record<string, unknown>>;

/** Who calls, and where. */
export interface Caller {
  readonly account: string;
  readonly region: string;
}

/** An error of the whole call, in the service's words. */
export class HubError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface FailedFinding {
  readonly Id: string;
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}
export interface Imported {
  readonly FailedCount: number;
  readonly SuccessCount: number;
  readonly FailedFindings: readonly FailedFinding[];
}

export const MAX_FINDINGS = 100;
export const MAX_FINDING_BYTES = 240 * 1024;
export const MAX_CALL_BYTES = 6 * 1024 * 1024;

/** Contents that an import never sets nor changes: they belong to analysts. */
const ANALYSTS = ["Note", "UserDefinedFields", "VerificationState", "Workflow"] as const;
/** What a provider says in FindingProviderFields stands at the top too, until an analyst changes it there. */
const PROVIDED = ["Confidence", "Criticality", "RelatedFindings", "Severity", "Types"] as const;

export interface Findings {
  /** Throws a `HubError` when the whole call is refused. `refuse` makes single findings fail by plan. */
  readonly import: (body: unknown, bytes: number, refuse?: (finding: Json) => string | undefined) => Imported;
  /** What BatchUpdateFindings does: an analyst's changes of one finding. False when there is no such finding. */
  readonly amend: (id: string, productArn: string, changes: Json) => boolean;
  /** As GetFindings would show them, in the order in which they first came. */
  readonly all: () => readonly Json[];
}

export function createFindings(caller: Caller): Findings {
  const stored = new Map<string, Json>();
  /** Which top-level fields an analyst has taken over. */
  const taken = new Map<string, Set<string>>();

  function put(finding: Json): void {
    const key = keyOf(finding.ProductArn, finding.Id);
    const before = stored.get(key);
    if (before !== undefined && Date.parse(String(finding.UpdatedAt)) <= Date.parse(String(before.UpdatedAt))) return;
    const provided = isJson(finding.FindingProviderFields) ? finding.FindingProviderFields : {};
    const kept = [...(taken.get(key) ?? []), ...ANALYSTS];
    stored.set(key, {
      ...without(finding, ANALYSTS),
      ...pick(provided, PROVIDED),
      ...(before === undefined
        ? { RecordState: "ACTIVE", ...pick(finding, ["RecordState"]), Workflow: { Status: "NEW" } }
        : pick(before, kept)),
      Region: caller.region,
    });
  }

  return {
    import(body, bytes, refuse = () => undefined) {
      const findings = findingsOf(body, bytes);
      for (const finding of findings) checkAccount(finding, caller);
      const failed: FailedFinding[] = [];
      for (const finding of findings) {
        const problem = problemOf(finding) ?? planned(refuse(finding));
        if (problem === undefined) put(finding);
        else failed.push({ Id: String(finding.Id), ...problem });
      }
      const FailedCount = failed.length;
      return { FailedCount, SuccessCount: findings.length - FailedCount, FailedFindings: failed };
    },
    amend(id, productArn, changes) {
      const key = keyOf(productArn, id);
      const before = stored.get(key);
      if (before === undefined) return false;
      const own = pick(changes, [...ANALYSTS, ...PROVIDED]);
      stored.set(key, { ...before, ...own });
      taken.set(key, new Set([...(taken.get(key) ?? []), ...Object.keys(own)]));
      return true;
    },
    all: () => [...stored.values()],
  };
}

const keyOf = (productArn: unknown, id: unknown): string => JSON.stringify([productArn, id]);

function findingsOf(body: unknown, bytes: number): readonly Json[] {
  const findings = isJson(body) ? body.Findings : undefined;
  if (!Array.isArray(findings) || !findings.every(isJson))
    throw new HubError("InvalidInputException", 400, "Invalid parameter 'Findings'. Expecting a list of findings.");
  if (findings.length === 0 || findings.length > MAX_FINDINGS)
    throw new HubError("InvalidInputException", 400, `Invalid parameter 'Findings'. Expecting 1 to ${MAX_FINDINGS}.`);
  // The shape of this answer was never seen in public; that the call fails is documented.
  if (bytes > MAX_CALL_BYTES)
    throw new HubError("InvalidInputException", 400, `The request has more than ${MAX_CALL_BYTES} bytes.`);
  return findings;
}

/** One finding of a foreign account or product has the whole call refused, in words that do not say why. */
function checkAccount(finding: Json, { account, region }: Caller): void {
  const [, , service, arnRegion, arnAccount, product = ""] = String(finding.ProductArn).split(":");
  const own = service === "securityhub" && arnRegion === region && arnAccount === account;
  if (own && product.startsWith(`product/${account}/`) && finding.AwsAccountId === account) return;
  const resource = String(finding.ProductArn);
  throw new HubError(
    ...(["AccessDeniedException", 403] as const),
    `User: arn:aws:sts::${account}:assumed-role/publish/publish is not authorized to perform: securityhub:BatchImportFindings on resource: ${resource}`,
  );
}

function problemOf(finding: Json): Omit<FailedFinding, "Id"> | undefined {
  if (Buffer.byteLength(JSON.stringify(finding)) > MAX_FINDING_BYTES)
    return invalid(`data should NOT have more than ${MAX_FINDING_BYTES} bytes`);
  // What belongs to analysts is not an error in an import: its contents are ignored.
  if (!isAsffFinding(without(finding, ANALYSTS))) {
    const [problem] = isAsffFinding.errors ?? [];
    return invalid(`data${problem?.instancePath ?? ""} ${problem?.message ?? "is not valid"}`);
  }
  if (Date.parse(finding.UpdatedAt as string) < Date.parse(finding.CreatedAt as string))
    return invalid("data.UpdatedAt should not be before data.CreatedAt");
  return;
}

const invalid = (why: string): Omit<FailedFinding, "Id"> => ({
  ErrorCode: "InvalidInput",
  ErrorMessage: `Finding does not adhere to Amazon Finding Format. ${why}.`,
});
const planned = (code: string | undefined): Omit<FailedFinding, "Id"> | undefined =>
  code === undefined ? undefined : { ErrorCode: code, ErrorMessage: "By plan." };

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const without = (value: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
const pick = (value: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
