import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { goJson } from "../../test/support/go-event.ts";

const bin = fileURLToPath(new URL("./bin.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "crosstrail-out-"));
afterAll(() => rmSync(dir, { recursive: true }));

const attack = goJson({
  auditID: "11111111-2222-4333-8444-555555555555",
  ...{ stage: "ResponseComplete", requestURI: "/api/v1/services", verb: "list", user: { username: "mallory" } },
  ...{ impersonatedUser: { username: "eks-auto:coredns" }, sourceIPs: ["203.0.113.9"], responseStatus: { code: 200 } },
  annotations: { "authorization.k8s.io/decision": "allow" },
  requestReceivedTimestamp: "2026-11-22T10:00:00.000000Z",
});
const log = (name: string, text = `${attack}\n`): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};
/** Runs it as a shell would: `"$@"` stands for the program and its arguments. */
const shell = (line: string, ...args: string[]): SpawnSyncReturns<string> =>
  spawnSync("sh", ["-c", line, "sh", process.execPath, bin, ...args], { encoding: "utf8", timeout: 60_000 });

const full = existsSync("/dev/full");

describe("an output", () => {
  it.runIf(full).each([
    ["--out", '"$@" --out /dev/full', "/dev/full"],
    ["--set-aside", '"$@" --set-aside /dev/full', "/dev/full"],
    ["standard output", '"$@" > /dev/full', "standard output"],
  ])("that is full is an error of one line: %s", (_, line, name) => {
    const { status, stderr } = shell(line, "replay", "--quiet", log("full.json", `${attack}\nnonsense\n`));
    expect(stderr).toBe(`crosstrail: ${name}: no space left on device\n`);
    expect(status).toBe(1);
  });

  it.runIf(full)("that is full is one for the catalogue and its runbooks, too", () => {
    for (const args of [["detectors"], ["explain", "imds/exec-endpoint"], ["--help"]]) {
      const { status, stderr } = shell('"$@" > /dev/full', ...args);
      expect(stderr).toBe("crosstrail: standard output: no space left on device\n");
      expect(status).toBe(1);
    }
  });

  it("whose reader has seen enough hides neither the summary nor --fail-on", () => {
    const { stdout, stderr } = shell(
      '{ "$@"; echo "$?" >&2; } | true',
      "replay",
      "--fail-on",
      "high",
      log("seen.json"),
    );
    expect(stdout).toBe("");
    expect(stderr).toContain("1 events read");
    expect(stderr.trimEnd().split("\n").at(-1)).toBe("10");
  });
});

it("Ctrl-C ends what writes to a reader that has stopped", async () => {
  const many = Array.from({ length: 300 }, (_, index) => attack.replace("mallory", `mallory-${index}`)).join("\n");
  const child = spawn(process.execPath, [bin, "replay", "--quiet", log("many.json", many)]);
  child.stdout.once("data", () => {
    child.stdout.pause();
    child.kill("SIGINT");
  });
  const ended = await Promise.race([once(child, "exit"), setTimeout(20_000, ["still running"])]);
  child.kill("SIGKILL");
  expect(ended).toEqual([null, "SIGINT"]);
});

it("what is set aside shows no secret of a record that was cut", () => {
  const aside = join(dir, "aside.json");
  const cut = `Oops ${attack.replace("/api/v1/services", "/x?command=--token&command=Zx9kQ7wLmN4pR2tV8yB3")}`;
  shell('"$@"', "replay", "--set-aside", aside, log("cut.json", cut));
  expect(readFileSync(aside, "utf8")).toMatch(/^\{.*command=--token&command=\[redacted\].*\}\n$/);
});

describe("a log is not written over", () => {
  it.each(["--out", "--set-aside"])("by %s, whatever name it goes by", (option) => {
    const input = log("own.json");
    for (const [line, ...args] of [
      ['"$@"', input, option, join(dir, ".", "own.json")],
      ['"$@" - < "$0"', option, input],
    ]) {
      const { status, stderr } = spawnSync("sh", ["-c", line ?? "", input, process.execPath, bin, "replay", ...args], {
        encoding: "utf8",
      });
      expect(stderr).toMatch(/^crosstrail: --(?:out|set-aside) .*own.json: is an input as well\n$/);
      expect(status).toBe(2);
      expect(readFileSync(input, "utf8")).toBe(`${attack}\n`);
    }
  });

  it("and two outputs are two files", () => {
    const { status, stderr } = shell(
      '"$@"',
      "replay",
      log("a.json"),
      "--out",
      log("b.json"),
      "--set-aside",
      join(dir, "b.json"),
    );
    expect(stderr).toContain("--set-aside and --out are one file");
    expect(status).toBe(2);
  });

  it("and what is set aside is not read again, and set aside again, for ever", () => {
    const folder = join(dir, "logs");
    mkdirSync(join(folder, "below"), { recursive: true });
    writeFileSync(join(folder, "a.log"), "nonsense\n");
    const { status, stderr } = shell('"$@"', "replay", folder, "--set-aside", join(folder, "below", "z.json"));
    expect(stderr).toContain("is inside of the input");
    expect(status).toBe(2);
  });
});
