import { getSystemErrorMessage } from "node:util";

/** What the operating system says is wrong, in its words alone: without code, call and path, which the reader is told already. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return "errno" in cause && typeof cause.errno === "number" ? getSystemErrorMessage(cause.errno) : cause.message;
}
