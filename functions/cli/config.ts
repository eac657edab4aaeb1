import { readFileSync } from "node:fs";
import type { Config } from "../../schemas/config/config.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import { parseConfig } from "../config.ts";

/** The configuration of a file. Rejects with E_CONFIG naming the file and the field. */
export async function readConfig(file: string | undefined): Promise<Config> {
  if (file === undefined) return { version: 1 };
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable(file, cause);
  }
  return parseConfig(text, file);
}

const unreadable = (file: string, cause: unknown): CrosstrailError =>
  new CrosstrailError("E_CONFIG", `${file}: ${reasonOf(cause)}`, { cause });
