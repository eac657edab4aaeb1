import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { awsCommands } from "../../functions/cli/rights.ts";
import { root } from "../tools/folders.ts";

/** The actions of requests that are called otherwise. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  "s3:ListObjectsV2": ["s3:ListBucket"],
  "s3:CopyObject": ["s3:GetObject", "s3:PutObject"],
  "sqs:SendMessageBatch": ["sqs:SendMessage"],
};
const SERVICES: Readonly<Record<string, string>> = { "cloudwatch-logs": "logs", eventbridge: "events" };
/** Of a ledger's operator only: `crosstrail ledger` knows files. */
const NEVER = ["dynamodb:Scan"];

/** A file and all that it imports, types left out. */
function reachable(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file) || !existsSync(file)) return seen;
  seen.add(file);
  for (const [, target = ""] of readFileSync(file, "utf8").matchAll(/^import (?!type )[^;]*?from "(\.[^"]+)"/gms))
    reachable(join(dirname(file), target), seen);
  return seen;
}

function actionsIn(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  const [, client = ""] = /^import \{[^}]*Command\b[^}]*\} from "@aws-sdk\/client-([a-z0-9-]+)"/m.exec(text) ?? [];
  const service = SERVICES[client] ?? client;
  return [...text.matchAll(/new (\w+)Command\(/g)].flatMap(([, name]) => {
    const action = `${service}:${name}`;
    return ACTIONS[action] ?? [action];
  });
}

describe.each(Object.entries(awsCommands))("the rights that %s is said to need", (name, { rights }) => {
  it("are those of the requests that it can make", () => {
    const files = [...reachable(join(root, `functions/cli/${name}.ts`))];
    const used = new Set(files.flatMap(actionsIn).filter((action) => !NEVER.includes(action)));
    // `dynamodb:GetItem, Query`: the service once.
    const said = rights.flatMap((right) => {
      const service = right.split(":")[0];
      const names = right.replace(/\(.*/, "").replaceAll(/\w+:/g, "");
      return [...names.matchAll(/[A-Z]\w+/g)].map(([action]) => `${service}:${action}`);
    });
    expect([...used].toSorted()).toEqual([...new Set(said)].toSorted());
  });
});
