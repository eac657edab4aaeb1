import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { root } from "../tools/folders.ts";
import type { Aws } from "./aws.ts";

/** Runs a command of crosstrail against the stand-ins; gives what it said on standard error. */
export async function crosstrail(aws: Aws, ...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ["functions/cli/main.ts", ...args, "--endpoint-url", aws.url], {
    ...{ cwd: root, stdio: ["ignore", "ignore", "pipe"] },
    env: { ...process.env, AWS_ACCESS_KEY_ID: aws.account, AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: aws.region },
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const said = await text(child.stderr);
  const code = await ended;
  if (code !== 0) throw new Error(`crosstrail ${args.join(" ")} ended with ${code}:\n${said}`);
  return said;
}
