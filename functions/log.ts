import { destination, type Logger, pino } from "pino";
import { safeJson } from "./terminal.ts";

/** Levels a user can choose; findings are never logged, only written. */
export const levels = ["silent", "error", "warn", "info", "debug"] as const;
export type Level = (typeof levels)[number];

/** Members that could hold a secret or a whole event: never logged, at any depth that we write. */
const REDACTED = [
  "token",
  "*.token",
  "password",
  "*.password",
  "sessionToken",
  "*.sessionToken",
  "secretAccessKey",
  "*.secretAccessKey",
  "raw",
  "*.raw",
  "event",
  "*.event",
];

/** JSON lines on standard error, written at once: nothing is lost when the process ends, or is frozen as a Lambda
 * environment is. */
export function createLog(level: Level, fd = 2): Logger {
  const out = destination({ dest: fd, sync: true });
  // Nobody reads any more: no reason to stop working.
  out.on("error", () => undefined);
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: REDACTED, censor: "[redacted]" } },
    // JSON leaves DEL, C1 and bidirectional controls as they are, and a file's name may hold them.
    { write: (line) => void out.write(`${safeJson(JSON.parse(line))}\n`) },
  );
}
