import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../tools/folders.ts";
import { type DynamoEngine, install, pythonOf } from "./installation.ts";
import { findPython } from "./python.ts";

let home: string;
let lock: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "crosstrail-installation-"));
  lock = join(home, "a-lock");
  writeFileSync(lock, "package==1");
});
afterEach(() => rmSync(home, { recursive: true }));

const dynalite: DynamoEngine = { kind: "dynalite", reason: "there is no Java 17 or later" };
/** Installs in no time: a Python that is there, and nothing else. */
function quick(during: (partial: string) => void = () => undefined) {
  const filled: string[] = [];
  const said: string[] = [];
  const fill = async (partial: string): Promise<DynamoEngine> => {
    filled.push(partial);
    mkdirSync(dirname(pythonOf(partial)), { recursive: true });
    symlinkSync(process.execPath, pythonOf(partial));
    during(partial);
    return dynalite;
  };
  return { filled, said, go: () => install((line) => said.push(line), { home, fill, locks: [lock] }) };
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
    const { said, go } = quick();
    await go();
    expect(said[1]).toBe(
      "DynamoDB is dynalite: there is no Java 17 or later. Transactions, and TimeToLive as the engine does it, are not tested then.",
    );
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
    const broken = quick(() => {
      throw new Error("cut off");
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

  it("touches nothing in its folder that is not its own", async () => {
    mkdirSync(join(home, "documents"));
    await quick().go();
    expect(folders()).toContain("documents");
  });

  it("is made by one of several processes, and the others wait for it", async () => {
    const program = `
      import { appendFileSync, mkdirSync, symlinkSync } from "node:fs";
      import { dirname } from "node:path";
      import { setTimeout as sleep } from "node:timers/promises";
      import { install, pythonOf } from ${JSON.stringify(join(root, "test/localstack/installation.ts"))};
      const fill = async (partial) => {
        appendFileSync(${JSON.stringify(join(home, "made-lock"))}, "made ");
        mkdirSync(dirname(pythonOf(partial)), { recursive: true });
        symlinkSync(process.execPath, pythonOf(partial));
        await sleep(300);
        return { kind: "dynalite", reason: "none" };
      };
      const { folder } = await install(() => {}, { home: ${JSON.stringify(home)}, fill, locks: [${JSON.stringify(lock)}] });
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
