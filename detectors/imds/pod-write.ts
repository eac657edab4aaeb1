import { at } from "../../schemas/json.ts";
import type { EventOn } from "../core/contracts.ts";
import { attempted } from "../core/weight.ts";

export type PodWrite = EventOn<"podSpec">;

/** True when a request can have set `text` in the spec: of a patch, whose answer shows the whole object, only what it
 * carries is its own (a restart or a label repeats the spec and sets nothing). An absent body is not an absent field. */
export function sets(request: PodWrite, texts: readonly string[]): boolean {
  const { verb, requestBody, code, object } = request;
  // Server-side apply creates with a patch (audit-recorded.md 19).
  if (verb === "create" || code === 201) return true;
  // Of an existing pod nothing of this can change, ephemeral containers come through their own subresource; but a patch
  // that was refused may have been an apply that wanted to create.
  const existing = object.resource === "pods" && object.subresource === "";
  if (existing && !(verb === "patch" && attempted(request))) return false;
  if (verb !== "patch" || requestBody === undefined) return true;
  const patch = JSON.stringify(requestBody);
  return texts.some((text) => patch.includes(JSON.stringify(text).slice(1, -1))) || copies(requestBody);
}

/** A JSON patch that takes its value from elsewhere in the object does not show it. */
function copies(patch: unknown): boolean {
  return Array.isArray(patch) && patch.some((step) => at(step, "op") === "copy" || at(step, "op") === "move");
}

const DID: Readonly<Record<string, string>> = { create: "created", update: "updated", patch: "patched" };

/** The start of a sentence: "created pods shop/x", "tried to create pods shop/x (403)", "created (dry run) pods
 * shop/x". */
export function wrote(request: PodWrite): string {
  const { verb, code, dryRun, facets } = request;
  const { workload, namespace, name } = facets.podSpec;
  const target = `${workload} ${namespace}/${name}`;
  if (attempted(request)) return `tried to ${verb} ${target} (${code ?? "?"})`;
  return `${DID[verb] ?? verb}${dryRun ? " (dry run)" : ""} ${target}`;
}
