import { type ChildProcess, spawn } from "node:child_process";
import { EXIT } from "../../functions/cli/exit.ts";
import { root } from "../tools/folders.ts";
import { type Aws, eventually } from "./aws.ts";

/** How a command ended: by a code, or by a signal. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export const linesOf = ({ out }: Pick<Ended, "out">): readonly string[] => out.split("\n").slice(0, -1);
/** By the signal itself, or as a shell tells of it. */
export const byCtrlC = ({ code, signal }: Ended): boolean => code === EXIT.interrupted || signal === "SIGINT";

/** A command of crosstrail that runs. */
export interface Running {
  /** Whole lines on standard output until now. */
  readonly lines: () => readonly string[];
  readonly said: () => string;
  /** Also true when it has ended. */
  readonly over: () => boolean;
  readonly kill: ChildProcess["kill"];
  readonly ended: Promise<Ended>;
}

/** Where a command goes, and for whom. */
export type Where = Pick<Aws, "url" | "account" | "region">;

/** Starts a command of crosstrail against the stand-ins, as a user does. */
export function start(aws: Where, ...args: readonly string[]): Running {
  const child = spawn(process.execPath, ["functions/cli/bin.js", ...args, "--endpoint-url", aws.url], {
    ...{ cwd: root, stdio: ["ignore", "pipe", "pipe"] },
    env: { ...process.env, AWS_ACCESS_KEY_ID: aws.account, AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: aws.region },
  });
  let [out, err, over] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => {
      over = true;
      resolve({ code, signal, out, err });
    });
  });
  return {
    ...{ lines: () => linesOf({ out }), said: () => err, over: () => over, ended },
    kill: (signal) => child.kill(signal),
  };
}

/** Waits until it is so; throws when the command ends before. */
export const during = (running: Running, what: string, so: () => boolean | Promise<boolean>): Promise<true> =>
  eventually(what, async () => {
    if (await so()) return true;
    if (running.over()) throw new Error(`It ended before this: ${what}.\n${running.said()}`);
    return undefined;
  });

/** Runs a command of crosstrail against the stand-ins; gives what it said on standard error. */
export async function crosstrail(aws: Where, ...args: readonly string[]): Promise<string> {
  const { code, err } = await start(aws, ...args).ended;
  if (code !== 0) throw new Error(`crosstrail ${args.join(" ")} ended with ${code}:\n${err}`);
  return err;
}
