import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { goJson } from "../../test/support/go-event.ts";
import { openSqliteFindings } from "../adapters/findings/sqlite.ts";
import { openSqliteStore } from "../adapters/ledger/sqlite.ts";
import type { Kept } from "../findings/ports.ts";

const bin = fileURLToPath(new URL("./bin.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "crosstrail-kept-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** A request in the name of a component, by whoever it is. */
function attack(name: string, hour: string, code = 200): string {
  const event = {
    auditID: `11111111-2222-4333-8444-5555555555${hour}`,
    ...{ stage: "ResponseComplete", requestURI: "/api/v1/services", verb: "list", user: { username: name } },
    ...{ impersonatedUser: { username: "eks-auto:coredns" }, sourceIPs: ["203.0.113.9"], responseStatus: { code } },
    annotations: { "authorization.k8s.io/decision": code === 200 ? "allow" : "forbid" },
    requestReceivedTimestamp: `2026-11-22T${hour}:00:00.000000Z`,
  };
  return `${goJson(event)}\n`;
}
function crosstrail(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [bin, ...args], { encoding: "utf8", timeout: 60_000 });
}
function replay(ledger: string, text: string) {
  const log = join(dir, "log.json");
  writeFileSync(log, text);
  const { stdout, stderr, status } = crosstrail("replay", "--quiet", "--ledger", join(dir, ledger), log);
  expect([stderr, status]).toEqual(["", 0]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

describe("with a kept ledger", () => {
  it("a run shows the findings that it touches as they are over all runs", () => {
    const [served, refused] = replay("runs.db", attack("mallory", "10", 403) + attack("eve", "10"));
    expect(served).toMatchObject({ actor: { name: "eve" }, count: 1 });
    expect(refused).toMatchObject({ actor: { name: "mallory" }, count: 1, outcome: "attempt" });
    expect(refused.severity).not.toBe(served.severity);
    const [raised, ...others] = replay("runs.db", attack("mallory", "12"));
    expect(others).toEqual([]);
    expect(raised).toMatchObject({
      ...{ actor: { name: "mallory" }, count: 2, eventsTotal: "2", severity: served.severity, outcome: "success" },
      ...{ firstSeen: "2026-11-22T10:00:00.000Z", lastSeen: "2026-11-22T12:00:00.000Z" },
    });
    const [lower] = replay("runs.db", attack("mallory", "11", 403));
    expect(lower).toMatchObject({ count: 3, severity: raised.severity, outcome: "success" });
    expect(replay("runs.db", attack("mallory", "11", 403))).toEqual([lower]);
  });

  it("findings are counted, exported, told and removed with it", async () => {
    const [finding] = replay("kept.db", attack("mallory", "10"));
    const ledger = ["--ledger", join(dir, "kept.db")];
    expect(crosstrail("ledger", "stats", ...ledger).stdout).toMatch(/ facts, \d+ verdicts? not yet due, 1 finding\n$/);
    const exported = crosstrail("ledger", "export", ...ledger)
      .stdout.trimEnd()
      .split("\n");
    const { kind, id, finding: whole } = JSON.parse(exported.at(-1) ?? "");
    expect([kind, id, whole]).toEqual(["finding", finding.id, finding]);
    const told = crosstrail("story", finding.id, ...ledger).stdout;
    expect(told.split("\n")[0]).toBe(`finding ${finding.id}`);
    expect(told).toContain(`${finding.severity}: ${finding.title} (${finding.detector})`);
    expect(told).toContain("last seen, 1 event in all");
    expect(crosstrail("story", "ct-0", ...ledger).stderr).toContain('nothing is known of "ct-0"');
    const store = openSqliteFindings(join(dir, "kept.db"));
    await store.merge({ ...(await all(store))[0]?.draft, finding: { ...finding, id: "ct-old" } } as never, 1);
    store.close();
    expect(crosstrail("ledger", "prune", ...ledger).stdout).toBe("0 entities and 1 findings removed\n");
    expect(crosstrail("ledger", "stats", ...ledger).stdout).toContain("1 finding\n");
  });

  it("a finding about an entity is told with the entity's story", async () => {
    const file = join(dir, "entity.db");
    const ref = { kind: "key", id: "ASIAEXAMPLE00000001" } as const;
    const ledger = openSqliteStore(file);
    const value = JSON.stringify("2026-11-22T10:00:00Z");
    await ledger.merge(ref, [{ ...ref, attribute: "podGone", value, source: "event-1" }], Date.now() + 1e9);
    ledger.close();
    const [finding] = replay("entity.db", attack("mallory", "10"));
    const store = openSqliteFindings(file);
    const [kept] = await all(store);
    await store.merge({ ...kept?.draft, finding: { ...finding, id: "ct-1", entity: ref } } as never, Date.now() + 1e9);
    store.close();
    const { stdout } = crosstrail("story", "ct-1", "--ledger", file);
    expect(stdout).toContain("finding ct-1\n");
    expect(stdout).toContain("key ASIAEXAMPLE00000001\n");
    expect(stdout).toContain("[event-1]");
  });
});

async function all(store: ReturnType<typeof openSqliteFindings>) {
  const found: Kept[] = [];
  for await (const kept of store.all()) found.push(kept);
  return found;
}
