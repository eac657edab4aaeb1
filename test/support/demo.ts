import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { root } from "../tools/folders.ts";

/** The CloudTrail records of the demonstration. */
export function demoRecords(): readonly unknown[] {
  const text = gunzipSync(readFileSync(join(root, "test/recordings/demo/cloudtrail.json.gz"))).toString("utf8");
  return (JSON.parse(text) as { Records: unknown[] }).Records;
}
