// biome-ignore lint/correctness/noNodejsModules: a hash is pure
import { createHash } from "node:crypto";

/** First 128 bits of SHA-256 over the parts, as hex: the same parts give the same id on every machine. */
export function hashOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
