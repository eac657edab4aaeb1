// biome-ignore lint/correctness/noNodejsModules: a hash is pure
import { createHash, hash } from "node:crypto";

/** First 128 bits of SHA-256 over the parts, as hex: the same parts give the same id on every machine. */
export function hashOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** SHA-256 of a text, its 32 bytes as so many characters: a buffer takes four times as long to make. */
export const digestOf = (text: string): string => hash("sha256", text, "binary");
