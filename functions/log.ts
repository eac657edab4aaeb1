import { destination, type Logger, pino } from "pino";

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

/** JSON lines on standard error, written at once: nothing is lost when the process ends, or is frozen as a Lambda environment is. */
export function createLog(level: Level, fd = 2): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: REDACTED, censor: "[redacted]" } },
    destination({ dest: fd, sync: true }),
  );
}
