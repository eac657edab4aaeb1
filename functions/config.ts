import { isRange } from "../schemas/address.ts";
import type { Config } from "../schemas/config/config.ts";
import { CrosstrailError } from "../schemas/errors.ts";
import { reasonOf } from "./adapters/sinks/reason.ts";

/** The configuration that a text holds, valid to the last key. Rejects with E_CONFIG naming `from` and the field. The validator knows the parameters of every
 * detector, and is read only where there is something to validate: it is larger than all the rest. */
export async function parseConfig(text: string, from: string): Promise<Config> {
  let value: unknown;
  try {
    // Editors of Windows begin a file with a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw unreadable(from, cause);
  }
  const { isConfig } = await import("../detectors/validators.generated.js");
  if (!isConfig(value)) {
    const [problem] = isConfig.errors ?? [];
    throw new CrosstrailError("E_CONFIG", `${from}: ${problemText(problem)}`, { cause: problem });
  }
  const odd = addressesOf(value).find(([, range]) => range !== undefined && !isRange(range));
  // It would match nothing, and look as if it did.
  if (odd !== undefined)
    throw new CrosstrailError("E_CONFIG", `${from}: ${odd[0]} is no address or CIDR range: "${odd[1]}"`, {
      cause: undefined,
    });
  return value;
}

/** Whatever names addresses, with where it stands. */
const addressesOf = ({ proxies, egress, suppressions }: Config): (readonly [string, string | undefined])[] => [
  ...(proxies ?? []).map((range, index) => [`/proxies/${index}`, range] as const),
  ...(egress ?? []).map((range, index) => [`/egress/${index}`, range] as const),
  ...(suppressions ?? []).map(({ sourceIP }, index) => [`/suppressions/${index}/sourceIP`, sourceIP] as const),
];

interface Problem {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

function problemText(problem: Problem | undefined): string {
  if (problem === undefined) return "not valid";
  const { instancePath, keyword, message, params } = problem;
  const where = instancePath === "" ? "" : `${instancePath} `;
  if (keyword === "additionalProperties") return `${where}has an unknown key "${String(params.additionalProperty)}"`;
  if (keyword === "enum" || keyword === "const")
    return `${where}${message}: ${JSON.stringify(params.allowedValues ?? params.allowedValue)}`;
  return `${where}${message ?? "is not valid"}`;
}

const unreadable = (from: string, cause: unknown): CrosstrailError =>
  new CrosstrailError("E_CONFIG", `${from}: ${reasonOf(cause)}`, { cause });
