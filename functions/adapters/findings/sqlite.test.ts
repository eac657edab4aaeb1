import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { draftOf } from "../../../test/support/drafts.ts";
import { openSqliteFindings } from "./sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "crosstrail-sqlite-findings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fileOf = (name: string): string => join(folder, `${name}.db`);
const KEEP = Date.UTC(2099, 0);

describe("a file", () => {
  it("loses nothing of what two processes merge at the same time", async () => {
    const file = fileOf("two");
    const store = openSqliteFindings(file);
    const script = `
      import { openSqliteFindings } from ${JSON.stringify(join(import.meta.dirname, "sqlite.ts"))};
      import { draftOf } from ${JSON.stringify(join(import.meta.dirname, "../../../test/support/drafts.ts"))};
      const store = openSqliteFindings(${JSON.stringify(file)});
      for (let n = 0; n < 100; n += 1) {
        const { draft } = await store.merge(draftOf({ event: "theirs " + n }), ${KEEP});
        await store.mark(draft.finding.id, { steps: ["step " + n], at: n, seen: "s" });
        process.stdout.write(".");
      }`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    let ours = 0;
    // Ours go on as theirs do, so that both are at it all the time.
    for await (const dots of child.stdout)
      for (const _ of String(dots)) {
        await store.merge(draftOf({ event: `ours ${ours}` }), KEEP);
        ours += 1;
      }
    expect(await ended).toEqual([0, null]);
    const [kept] = await store.read([draftOf().finding.id]);
    expect(kept?.draft.finding).toMatchObject({ count: 200, eventsTotal: "200" });
    expect(kept?.steps.size).toBe(100);
    expect(kept?.last).toEqual({ at: 99, seen: "s" });
    store.close();
  });

  it("of before findings were kept gets room for them", async () => {
    const file = fileOf("before");
    openSqliteFindings(file).close();
    const db = new DatabaseSync(file);
    db.exec("DROP TABLE finding; DROP TABLE step; DROP TABLE reminder");
    db.close();
    const store = openSqliteFindings(file);
    await store.merge(draftOf(), KEEP);
    expect(await store.count()).toBe(1);
    store.close();
  });

  it("that breaks under its readers rejects with a code", async () => {
    const store = openSqliteFindings(fileOf("broken"));
    const { finding } = (await store.merge(draftOf(), KEEP)).draft;
    const db = new DatabaseSync(fileOf("broken"));
    db.exec("DROP TABLE finding; DROP TABLE reminder");
    db.close();
    for (const call of [
      store.merge(draftOf(), KEEP),
      store.read([finding.id]),
      store.mark(finding.id, { steps: ["new"], at: 1, seen: "s" }),
      store.reminders(1, 1),
      store.prune(1),
    ])
      await expect(call).rejects.toMatchObject({ code: "E_LEDGER", kind: "transient" });
    store.close();
  });
});
