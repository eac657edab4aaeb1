import { readFileSync } from "node:fs";
import { isConfig } from "../../detectors/validators.generated.js";
import type { Config } from "../../schemas/config/config.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";

/** The configuration of a file, valid to the last key. Throws E_CONFIG naming the file and the field. */
export function readConfig(file: string | undefined): Config {
  if (file === undefined) return { version: 1 };
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (!isConfig(value)) {
    const [problem] = isConfig.errors ?? [];
    throw new CrosstrailError("E_CONFIG", `${file}: ${problemText(problem)}`, { cause: problem });
  }
  return value;
}

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
