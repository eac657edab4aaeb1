import { text } from "../../../schemas/json.ts";
import { closeCutJson } from "./cut-json.ts";
import { beforeCutMark } from "./cut-mark.ts";

/** An audit event or CloudTrail record whose text was cut anywhere, as far as it goes. Undefined when not even what tells one event from another is there. */
export function salvage(cut: string): unknown {
  const value = closeCutJson(cut.slice(0, beforeCutMark(cut)));
  return text(value, "auditID") === undefined && text(value, "eventName") === undefined ? undefined : value;
}
