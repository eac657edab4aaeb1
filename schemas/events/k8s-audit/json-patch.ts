import { at, text } from "../../json.ts";

/** The server's own bound on the steps of a patch. */
const MAX_STEPS = 10_000;
/** Deeper than any path of an object that is read here; longer lists than any of them has. */
const MAX_DEPTH = 32;
const MAX_INDEX = 4_096;

/** A JSON patch (RFC 6902), a list of steps, as the object that its additions alone would make; any other body as it is. What stood there
 * before, and what is taken from elsewhere in the object, is not in it. */
export function patchedParts(body: unknown): unknown {
  if (!Array.isArray(body)) return body;
  let parts: unknown = {};
  for (const step of body.slice(0, MAX_STEPS)) {
    const op = text(step, "op");
    const keys = pointer(text(step, "path") ?? "");
    if ((op !== "add" && op !== "replace") || keys.length > MAX_DEPTH) continue;
    // A copy: later steps write into it, and the record is not ours to change.
    parts = placed(parts, keys, structuredClone(at(step, "value")), op === "add");
  }
  return parts;
}

/** True for a JSON patch that takes a value from elsewhere in the object, and so does not show it. */
export const takesFromElsewhere = (body: unknown): boolean =>
  Array.isArray(body) && body.some((step) => at(step, "op") === "copy" || at(step, "op") === "move");

/** The parts of a JSON pointer (RFC 6901). */
export const pointer = (path: string): string[] =>
  path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

function placed(into: unknown, keys: readonly string[], value: unknown, inserts: boolean): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (key === "-" || (/^\d{1,9}$/.test(key) && Number(key) <= MAX_INDEX)) {
    const items: unknown[] = Array.isArray(into) ? into : [];
    const index = key === "-" ? items.length : Number(key);
    // What is added pushes the rest aside.
    if (inserts && rest.length === 0 && index < items.length) items.splice(index, 0, value);
    else items[index] = placed(items[index], rest, value, inserts);
    return items;
  }
  const fields = (into !== null && typeof into === "object" && !Array.isArray(into) ? into : {}) as Record<
    string,
    unknown
  >;
  if (key !== "__proto__") fields[key] = placed(at(fields, key), rest, value, inserts);
  return fields;
}
