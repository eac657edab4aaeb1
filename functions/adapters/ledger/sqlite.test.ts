import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import type { Fact, Ref } from "../../../detectors/ledger/facts.ts";
import { openSqliteStore } from "./sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "crosstrail-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fileOf = (name: string): string => join(folder, `${name}.db`);
const KEY: Ref = { kind: "key", id: "ASIAEXAMPLE00000001" };
const used = (value: string): Fact => ({ ...KEY, attribute: "used", value, source: "event" });

describe("a file", () => {
  it("that is kept holds what was answered, also when the process ended without closing it", async () => {
    const first = openSqliteStore(fileOf("kept"));
    await first.merge(KEY, [used("a")], 1);
    await first.put([{ at: "2026-11-22T10:05:00.000Z", ...KEY, detector: "a/b" }]);
    const second = openSqliteStore(fileOf("kept"));
    expect((await second.read([KEY]))[0]?.sets.get("used")?.size).toBe(1);
    expect(await second.due("2027", 10)).toHaveLength(1);
    second.close();
    first.close();
  });

  it("holds nothing of a merge in whose middle the process ended", async () => {
    const store = openSqliteStore(fileOf("half"));
    await store.merge(KEY, [used("a")], 1);
    const other = new DatabaseSync(fileOf("half"));
    other.exec("BEGIN IMMEDIATE");
    other.prepare("INSERT INTO fact VALUES ('key', ?, 'used', 'half', 'event')").run(KEY.id);
    other.close();
    expect([...((await store.read([KEY]))[0]?.sets.get("used")?.keys() ?? [])]).toEqual(["a"]);
    store.close();
  });

  it("that a killed process wrote holds all of each merge or none of it, and every one that was answered", async () => {
    const file = fileOf("killed");
    const store = openSqliteStore(file);
    const script = `
      import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, "sqlite.ts"))};
      const store = openSqliteStore(${JSON.stringify(file)});
      for (let n = 0; ; n += 1) {
        const ref = { kind: "key", id: String(n) };
        await store.merge(ref, Array.from({ length: 50 }, (_, i) => ({ ...ref, attribute: "used", value: String(i), source: "" })), 1);
        process.stdout.write(n + "\\n");
      }`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let answered = "";
    child.stdout.setEncoding("utf8");
    for await (const text of child.stdout) {
      answered += text;
      if (answered.length > 200) break;
    }
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    const sizes = new Map<string, number>();
    for await (const { id, sets } of store.all()) sizes.set(id, sets.get("used")?.size ?? 0);
    expect([...new Set(sizes.values())]).toEqual([50]);
    for (const n of answered.split("\n").slice(0, -1)) expect(sizes.get(n)).toBe(50);
    store.close();
  });

  it.each([
    ["of another program", "CREATE TABLE bookmark (url TEXT)"],
    ["of a later version", "PRAGMA user_version = 99"],
  ])("%s is refused as it is", (what, sql) => {
    const file = fileOf(what);
    const db = new DatabaseSync(file);
    db.exec(sql);
    const tables = db.prepare("SELECT name FROM sqlite_schema").all();
    expect(() => openSqliteStore(file)).toThrow(expect.objectContaining({ code: "E_LEDGER" }));
    expect(db.prepare("SELECT name FROM sqlite_schema").all()).toEqual(tables);
    db.close();
  });

  it("that is no database is refused", () => {
    writeFileSync(fileOf("text"), "a text that is longer than a header, ".repeat(100));
    expect(() => openSqliteStore(fileOf("text"))).toThrow(expect.objectContaining({ code: "E_LEDGER" }));
    expect(() => openSqliteStore(join(folder, "no", "such", "folder"))).toThrow(
      expect.objectContaining({ code: "E_LEDGER" }),
    );
  });

  it("that breaks under its readers rejects with a code", async () => {
    const store = openSqliteStore(fileOf("broken"));
    await store.merge(KEY, [used("a")], 1);
    const db = new DatabaseSync(fileOf("broken"));
    db.exec("DROP TABLE due; DROP TABLE fact");
    db.close();
    for (const call of [store.merge(KEY, [used("b")], 1), store.read([KEY]), store.due("2027", 1), store.stats()])
      await expect(call).rejects.toMatchObject({ code: "E_LEDGER", kind: "transient" });
    store.close();
  });
});
