import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pythonOf } from "../tools/installation/install.ts";
import { eventually } from "./aws.ts";
import { installLocalStack } from "./installation.ts";

let folder: string;
let python: string;
const supervise = join(import.meta.dirname, "host", "supervise.py");
/** A command that starts another in a session of its own, as LocalStack does, and writes both ids down. */
const family = (own = ""): string =>
  `${own} setsid sleep 1000 & echo $! > ${folder}/child; echo $$ > ${folder}/parent; wait; wait`;

const alive = (pid: number): boolean => {
  try {
    // A zombie is no longer at work.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};
async function started(): Promise<readonly number[]> {
  return await eventually("the commands", async () => {
    try {
      const pids = ["child", "parent"].map((name) => Number(readFileSync(join(folder, name), "utf8")));
      return pids.every((pid) => pid > 0 && alive(pid)) ? pids : undefined;
    } catch {
      return;
    }
  });
}
const gone = (pids: readonly number[]) => eventually("their end", async () => (pids.some(alive) ? undefined : true));
const start = (command: string, env: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(python, [supervise, "sh", "-c", command], {
    ...{ detached: true, stdio: ["pipe", "ignore", "inherit"], env: { ...process.env, ...env } },
  });

// With a LocalStack of one's own nothing is installed, and so nothing supervised.
const supervised = process.platform === "linux" && process.env.AWS_ENDPOINT_URL === undefined;
describe.runIf(supervised)("what a supervisor started", () => {
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "crosstrail-supervise-"));
    python = pythonOf((await installLocalStack((line) => console.error(line))).folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("ends with stdin", async () => {
    const supervisor = start(family());
    const pids = await started();
    supervisor.stdin?.end();
    expect(await gone(pids)).toBe(true);
    if (supervisor.exitCode === null) await once(supervisor, "exit");
  });

  it("goes with its folder", async () => {
    const scratch = join(folder, "scratch");
    mkdirSync(scratch);
    const supervisor = start(family(), { CROSSTRAIL_SCRATCH: scratch });
    await started();
    supervisor.stdin?.end();
    await once(supervisor, "exit");
    expect([existsSync(scratch), existsSync(folder)]).toEqual([false, true]);
  });

  it("ends at a signal", async () => {
    const supervisor = start(family());
    const pids = await started();
    supervisor.kill("SIGTERM");
    expect(await gone(pids)).toBe(true);
  });

  it("ends when it does not listen to a polite word", async () => {
    const supervisor = start(family("trap '' TERM;"));
    const pids = await started();
    supervisor.stdin?.end();
    expect(await gone(pids)).toBe(true);
  });

  it("ends when whoever started the supervisor is killed", async () => {
    const program = join(folder, "starter.mjs");
    writeFileSync(
      program,
      `import { spawn } from "node:child_process";
      spawn(${JSON.stringify(python)}, [${JSON.stringify(supervise)}, "sh", "-c", ${JSON.stringify(family())}],
        { detached: true, stdio: ["pipe", "ignore", "inherit"] });
      setInterval(() => {}, 1000);`,
    );
    const starter = spawn(process.execPath, [program], { stdio: ["ignore", "ignore", "inherit"] });
    const pids = await started();
    starter.kill("SIGKILL");
    expect(await gone(pids)).toBe(true);
  });
});
