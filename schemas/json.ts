/** Reading parsed JSON whose shape is not ours: every accessor returns undefined (or an empty list) for whatever is not there.
 * Own properties only, so that keys such as `__proto__` or `constructor` in a log never reach a prototype. */

/** The value at `path` below `value`; array elements by index. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const key of path) {
    if (here === null || typeof here !== "object" || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string | number, unknown>)[key];
  }
  return here;
}

/** The string at `path`; numbers and booleans are printed, as EC2 writes tag values of any scalar type (CloudTrail `Tag.Value`). */
export function text(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  if (typeof found === "string") return found;
  return typeof found === "number" || typeof found === "boolean" ? String(found) : undefined;
}

/** True when the boolean at `path` is true, also as the string "true" (CloudTrail writes both). */
export function flag(value: unknown, ...path: readonly (string | number)[]): boolean {
  const found = at(value, ...path);
  return found === true || found === "true";
}

export function num(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}

/** The list at `path`; a single object stands for a list of one (EC2 in CloudTrail: "single elements appear as an object"). */
export function list(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  if (Array.isArray(found)) return found;
  return found === null || typeof found !== "object" ? [] : [found];
}

/** The strings of the list at `path`; a lone string stands for a list of one. */
export function texts(value: unknown, ...path: readonly (string | number)[]): readonly string[] {
  const found = at(value, ...path);
  if (typeof found === "string") return [found];
  return Array.isArray(found) ? found.filter((item) => typeof item === "string") : [];
}

/** Own keys of the object at `path`. */
export function keys(value: unknown, ...path: readonly (string | number)[]): readonly string[] {
  const found = at(value, ...path);
  return found === null || typeof found !== "object" || Array.isArray(found) ? [] : Object.keys(found);
}

/** The object without its undefined members: what `exactOptionalPropertyTypes` asks for. */
export function compact<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // A copy: `delete` would turn the object into a dictionary, and every later reading of it slow.
  const out: Partial<T> = {};
  for (const key of Object.keys(value) as (keyof T)[]) if (value[key] !== undefined) out[key] = value[key];
  return out as { [K in keyof T]: Exclude<T[K], undefined> };
}
