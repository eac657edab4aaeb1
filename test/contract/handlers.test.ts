import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "../tools/folders.ts";

const run = promisify(execFile);
const base = { AWS_REGION: "eu-central-1", AWS_LAMBDA_FUNCTION_NAME: "a-function", CROSSTRAIL_TABLE: "table" };
const config = { CROSSTRAIL_CONFIG_BUCKET: "config", CROSSTRAIL_CONFIG_KEY: "crosstrail.json" };
const refused = { CROSSTRAIL_DEAD_LETTER_QUEUE: "https://sqs/1/refused" };
const hub = { CROSSTRAIL_HUB_QUEUE: "https://sqs/1/hub", CROSSTRAIL_ACCOUNT: "111122223333" };
const people = { CROSSTRAIL_NOTIFY_QUEUE: "https://sqs/1/notify", CROSSTRAIL_TOPIC: "arn:aws:sns:eu-central-1:1:t" };

/** What a new environment of a function that has these variables, and no others, does before it is asked anything. */
const start = (name: string, env: object) =>
  run(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `const { handler } = await import(${JSON.stringify(pathToFileURL(join(root, "functions", name, "handler.ts")).href)});
      console.log(typeof handler);`,
    ],
    { env: { ...base, ...env } },
  );

it.each<[string, string, object]>([
  ["detect, with no sink at all,", "detect", { ...config, CROSSTRAIL_QUARANTINE_BUCKET: "kept" }],
  ["sweep, with no sink at all,", "sweep", config],
  ["publish, with Security Hub alone,", "publish", { ...refused, ...hub }],
  ["publish, with a topic alone,", "publish", { ...refused, ...people }],
])("%s starts with what it needs", async (_, name, env) => {
  const { stdout, stderr } = await start(name, env);
  expect([stdout.trim(), stderr]).toEqual(["function", ""]);
});

it("a function that lacks something does not start, and says what", async () => {
  await expect(start("detect", config)).rejects.toThrow(/CROSSTRAIL_QUARANTINE_BUCKET \(name of the bucket/);
});
