import { inspect } from "node:util";
import { CommanderError } from "commander";
import { CrosstrailError } from "../../schemas/errors.ts";
import { safe } from "../terminal.ts";
import { EXIT } from "./exit.ts";

/** Says in one line what went wrong (CROSSTRAIL_DEBUG: where, too), and gives the exit code for it. */
export function report(cause: unknown, debug: boolean): number {
  // Commander has said it already; --help and --version end this way, too.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.fine : EXIT.usage;
  const message = cause instanceof Error ? cause.message : String(cause);
  console.error(debug ? inspect(cause).split("\n").map(safe).join("\n") : safe(`crosstrail: ${message}`));
  return cause instanceof CrosstrailError && cause.code === "E_CONFIG" ? EXIT.usage : EXIT.failed;
}
