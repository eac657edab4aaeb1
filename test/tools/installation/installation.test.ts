import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { localstack } from "../../localstack/installation.ts";
import { root } from "../folders.ts";
import { install, type Kind, type Making, pythonOf } from "./install.ts";
import { findPython } from "./python.ts";

let home: string;
let lock: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "crosstrail-installation-"));
  lock = join(home, "a-lock");
  writeFileSync(lock, "package==1");
});
afterEach(() => rmSync(home, { recursive: true }));

/** Installs in no time: a Python that is there, and nothing else. */
function quick({ name = "tools", during = (_: Making): void => undefined } = {}) {
  const filled: string[] = [];
  const said: string[] = [];
  const kind: Kind<{ readonly extra: string }> = {
    ...{ name, what: "the tools", takes: "no time", otherwise: ", or do without it", from: [lock] },
    async fill(making) {
      filled.push(making.partial);
      fakeVenv(making);
      during(making);
      return { extra: `${filled.length}` };
    },
  };
  return { filled, said, kind, go: () => install(kind, (line) => said.push(line), home) };
}
function fakeVenv({ partial }: Making): void {
  mkdirSync(dirname(pythonOf(partial)), { recursive: true });
  symlinkSync(process.execPath, pythonOf(partial));
}
const folders = (): string[] => readdirSync(home).filter((name) => !name.includes("lock"));

describe("an installation", () => {
  it("is made once, and then found", async () => {
    const { filled, go } = quick();
    const made = await go();
    expect(await go()).toEqual(made);
    expect(filled).toHaveLength(1);
    expect(folders()).toHaveLength(1);
  });

  it("says what is not tested where there is no Java", async () => {
    const said: string[] = [];
    const without: typeof localstack = {
      ...localstack,
      async fill(making) {
        fakeVenv(making);
        return { dynamodb: { kind: "dynalite", reason: "there is no Java 17 or later" } };
      },
    };
    await install(without, (line) => said.push(line), home);
    expect(said[1]).toBe(
      "DynamoDB is dynalite: there is no Java 17 or later. Transactions, and TimeToLive as the engine does it, are not tested then.",
    );
  });

  it("without a Python says for what it would be, and what else may be done", async () => {
    vi.stubEnv("CROSSTRAIL_PYTHON", "no-such-python");
    await expect(quick().go()).rejects.toThrow(
      /^For the tools Python 3\.11 to 3\.13 .* Tried: no-such-python\. .* CROSSTRAIL_PYTHON, or do without it\.$/,
    );
    vi.unstubAllEnvs();
  });

  it("is made anew when a lock has changed, and the old one goes", async () => {
    const { filled, go } = quick();
    const first = await go();
    writeFileSync(lock, "package==2");
    const second = await go();
    expect(second.folder).not.toBe(first.folder);
    expect(filled).toHaveLength(2);
    expect(folders()).toHaveLength(1);
  });

  it("that was cut off is cleared away and made again", async () => {
    const broken = quick({
      during() {
        throw new Error("cut off");
      },
    });
    await expect(broken.go()).rejects.toThrow("cut off");
    expect(folders()).toEqual([expect.stringMatching(/^partial-/)]);
    const { go } = quick();
    const { folder } = await go();
    expect(folders().map((name) => join(home, name))).toEqual([folder]);
  });

  it("whose Python is gone is made again", async () => {
    const { filled, go } = quick();
    const { folder } = await go();
    rmSync(pythonOf(folder));
    symlinkSync("/nowhere/python", pythonOf(folder));
    await go();
    expect(filled).toHaveLength(2);
  });

  it("of which something went since is made again", async () => {
    const { filled, kind, go } = quick();
    await go();
    for (const whole of [async () => false, () => Promise.reject(new Error("gone"))])
      await install({ ...kind, whole }, () => undefined, home);
    expect(filled).toHaveLength(3);
    await install({ ...kind, whole: async ({ extra }) => extra === "3" }, () => undefined, home);
    expect(filled).toHaveLength(3);
  });

  it("stands beside those of other kinds, whole or not", async () => {
    mkdirSync(join(home, "partial-others-1-0a1b2c3d"));
    const [tools, others] = [await quick().go(), await quick({ name: "others" }).go()];
    writeFileSync(lock, "package==2");
    await quick().go();
    expect(folders().map((name) => join(home, name))).toContain(others.folder);
    expect(folders().map((name) => join(home, name))).not.toContain(tools.folder);
    mkdirSync(join(home, "partial-others-1-0a1b2c3d"), { recursive: true });
    writeFileSync(lock, "package==3");
    await quick().go();
    expect(folders()).toContain("partial-others-1-0a1b2c3d");
  });

  it("touches nothing in its folder that is not its own", async () => {
    mkdirSync(join(home, "documents"));
    await quick().go();
    expect(folders()).toContain("documents");
  });

  it("is made by one of several processes, and the others wait for it", async () => {
    const program = `
      import { appendFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
      import { dirname } from "node:path";
      import { setTimeout as sleep } from "node:timers/promises";
      import { install, pythonOf } from ${JSON.stringify(join(root, "test/tools/installation/install.ts"))};
      const come = ${JSON.stringify(join(home, "come-lock"))};
      const fill = async ({ partial }) => {
        // The others are there, and have had the time to find nothing.
        while (readFileSync(come, "utf8").length < 3) await sleep(50);
        await sleep(1_000);
        appendFileSync(${JSON.stringify(join(home, "made-lock"))}, "made ");
        mkdirSync(dirname(pythonOf(partial)), { recursive: true });
        symlinkSync(process.execPath, pythonOf(partial));
        return {};
      };
      const kind = { name: "tools", what: "", takes: "", from: [${JSON.stringify(lock)}], fill };
      appendFileSync(come, ".");
      const { folder } = await install(kind, () => {}, ${JSON.stringify(home)});
      console.log(folder);`;
    const start = () => promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
    const answers = await Promise.all([start(), start(), start()]);
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readFileSync(join(home, "made-lock"), "utf8")).toBe("made ");
  });
});

describe("a Python", () => {
  it("is the first that runs, of a version that is known to do", async () => {
    const script = (name: string, body: string): string => {
      const path = join(home, name);
      writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
      return path;
    };
    const shim = script("shim", "echo not switched on >&2; exit 127");
    const old = script("old", "echo /old; echo 3.10.18");
    const good = script("good", "echo /good/python; echo 3.12.1");
    expect(await findPython([shim, old, "no-such-python", good])).toEqual({ path: "/good/python", version: "3.12.1" });
    await expect(findPython([shim, old])).rejects.toThrow(/Tried: .*shim, .*old \(3\.10\.18\)/);
  });
});
