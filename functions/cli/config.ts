import { readFileSync } from "node:fs";
import { isConfig } from "../../detectors/validators.generated.js";
import { isRange } from "../../schemas/address.ts";
import type { Config } from "../../schemas/config/config.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";

/** The configuration of a file, valid to the last key. Throws E_CONFIG naming the file and the field. */
export function readConfig(file: string | undefined): Config {
  if (file === undefined) return { version: 1 };
  let value: unknown;
  try {
    // Editors of Windows begin a file with a byte order mark.
    value = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (!isConfig(value)) {
    const [problem] = isConfig.errors ?? [];
    throw new CrosstrailError("E_CONFIG", `${file}: ${problemText(problem)}`, { cause: problem });
  }
  const odd = addressesOf(value).find(([, range]) => range !== undefined && !isRange(range));
  // It would match nothing, and look as if it did.
  if (odd !== undefined)
    throw new CrosstrailError("E_CONFIG", `${file}: ${odd[0]} is no address or CIDR range: "${odd[1]}"`, {
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

const unreadable = (file: string, cause: unknown): CrosstrailError =>
  new CrosstrailError("E_CONFIG", `${file}: ${reasonOf(cause)}`, { cause });

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
