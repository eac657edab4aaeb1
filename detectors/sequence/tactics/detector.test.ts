import Type from "typebox";
import { describe, expect, it } from "vitest";
import type { TacticId, TechniqueId } from "../../../schemas/attack.ts";
import type { Config } from "../../../schemas/config/config.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, call, session } from "../../../test/support/trails.ts";
import { root } from "../../../test/tools/folders.ts";
import { recordingsIn } from "../../../test/tools/labels.ts";
import { defineEventDetector, type FacetName } from "../../core/contracts.ts";
import { detector } from "./detector.ts";

/** A detector of everything that has a facet. */
const of = (
  id: string,
  on: FacetName,
  attack: readonly (readonly [TacticId, TechniqueId])[],
  more: { severity?: Severity; status?: "shadow" } = {},
) =>
  defineEventDetector({
    meta: {
      ...detector.meta,
      ...{ id, severity: "medium" as const, ...more },
      attack: attack.map(([tactic, technique]) => ({ tactic, technique })),
    },
    on,
    params: Type.Object({}),
    detect: () => ({ sentence: "something", on: id, evidence: [] }),
  });
const execution = of("one/exec", "exec", [["TA0002", "T1609"]]);
const credentials = of("two/token", "token", [["TA0006", "T1528"]]);
const evasion = of("three/trail", "logChange", [["TA0005", "T1562.008"]]);

const exec = (at: string, user = users.human()): string =>
  audit(at, {
    user,
    verb: "get",
    requestURI: "/api/v1/namespaces/shop/pods/orders/exec?command=sh",
    objectRef: { resource: "pods", namespace: "shop", name: "orders", subresource: "exec", apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 101 },
  });
const token = (at: string, user = users.human()): string =>
  audit(at, {
    user,
    verb: "create",
    requestURI: "/api/v1/namespaces/shop/serviceaccounts/orders/token",
    objectRef: { resource: "serviceaccounts", namespace: "shop", name: "orders", subresource: "token" },
    responseStatus: { metadata: {}, code: 201 },
  });
const blinded = (at: string, name = "alice"): string =>
  call(at, "cloudtrail:StopLogging", {
    userIdentity: session("ClusterAdmin", name, "ASIAEXAMPLEHUMAN0009"),
    requestParameters: { name: "org" },
  });

const run = async (lines: readonly string[], detectors = [execution, credentials, evasion], config?: Config) => {
  const all = { detectors: [...detectors, detector], ...(config && { config }) };
  const { findings } = await ledgerFlow(lines, all);
  return findings.filter(({ detector: id }) => id === detector.meta.id);
};

describe("finds", () => {
  it("two tactics of one person, and names the findings that it is made of", async () => {
    const { findings } = await ledgerFlow([exec("10:00"), token("11:30")], {
      detectors: [execution, credentials, detector],
    });
    const parts = findings.filter(({ family }) => family !== "sequence").map(({ id }) => id);
    const [finding] = findings;
    expect(finding).toMatchObject({
      ...{ severity: "critical", related: parts.sort() },
      ...{ firstSeen: "2026-11-22T10:00:00.000Z", lastSeen: "2026-11-22T11:30:00.000Z" },
      reasons: [
        "2026-11-22T10:00 Execution: one/exec, medium, cluster demo",
        "2026-11-22T11:30 Credential Access: two/token, medium, cluster demo",
      ],
    });
    expect(finding?.title).toBe(
      "alice (role ClusterAdmin) went through several tactics: Execution (one/exec), Credential Access (two/token)",
    );
  });

  it("steps in both trails with different keys of one session's name", async () => {
    const [finding] = await run([exec("10:00"), blinded("10:20")]);
    expect(finding?.related.length).toBe(2);
  });

  it("somebody whose name the audit log spells otherwise than CloudTrail", async () => {
    const human = users.human("jane@example.com");
    const user = { ...human, username: human.username?.replace("@", "-") ?? "" };
    expect((await run([exec("10:00", user), blinded("10:20", "jane@example.com")])).length).toBe(1);
  });

  it("one sequence for all that a principal did on one day, in any order, however often", async () => {
    const lines = [exec("10:00"), token("10:10"), blinded("10:20"), exec("10:30")];
    const [forwards, ...more] = await run(lines);
    expect(more).toEqual([]);
    expect(forwards?.related.length).toBe(3);
    const plain = (findings: Awaited<ReturnType<typeof run>>) => findings.map(({ events: _, ...rest }) => rest);
    const backwards = await run([...lines.toReversed(), ...lines]);
    expect(plain(backwards)).toEqual(plain(forwards === undefined ? [] : [forwards]));
  });

  it("the second step behind a flood of the first", async () => {
    const flood = Array.from({ length: 500 }, (_, index) =>
      exec(`10:${String(index % 60).padStart(2, "0")}`, users.human("alice", "ClusterAdmin")).replaceAll(
        "pods/orders",
        `pods/orders-${index}`,
      ),
    );
    expect((await run([...flood, token("11:30")])).length).toBe(1);
  });
});

describe("stays quiet on", () => {
  it.each([
    ["one tactic twice", [exec("10:00"), exec("11:00")]],
    ["two principals", [exec("10:00"), token("10:10", users.human("bob"))]],
    ["one name in two roles", [exec("10:00"), token("10:10", users.human("alice", "Developer"))]],
    ["two days", [exec("2026-11-22T10:00:00"), token("2026-11-23T10:00:00")]],
  ])("%s", async (_, lines) => {
    expect(await run(lines)).toEqual([]);
  });

  const both = [exec("10:00"), token("10:10")];

  it("two detectors of the same tactic", async () => {
    expect(await run(both, [execution, of("two/token", "token", [["TA0002", "T1609"]])])).toEqual([]);
  });

  it("a detector that adds no tactic of its own", async () => {
    const wide = of("two/token", "token", [
      ["TA0002", "T1609"],
      ["TA0006", "T1528"],
    ]);
    expect(await run(both, [execution, wide])).toEqual([]);
  });

  it("two detectors of one and the same request", async () => {
    expect(await run([exec("10:00")], [execution, of("two/exec", "exec", [["TA0006", "T1528"]])])).toEqual([]);
  });

  it("findings of low severity", async () => {
    expect(await run(both, [execution, of("two/token", "token", [["TA0006", "T1528"]], { severity: "low" })])).toEqual(
      [],
    );
  });

  it("detectors in shadow", async () => {
    const shadow = of("two/token", "token", [["TA0006", "T1528"]], { status: "shadow" });
    expect(await run(both, [execution, shadow])).toEqual([]);
    // On trial with them it says so, and nobody is told of either.
    const trial: Config = { version: 1, detectors: { [detector.meta.id]: { status: "shadow" } } };
    expect(await run(both, [execution, shadow], trial)).toMatchObject([{ status: "shadow" }]);
  });

  it("what is suppressed", async () => {
    const rule = { detector: "two/token", actor: "*alice", action: { verb: "create" }, owner: "ops" };
    const suppressions = [{ ...rule, reason: "known and agreed", expires: "2027-01-01T00:00:00Z" }];
    expect(await run(both, undefined, { version: 1, suppressions })).toEqual([]);
  });

  it("service accounts of one name in two clusters", async () => {
    const user = users.serviceAccount("kube-system", "operator");
    const other = (line: string): string =>
      JSON.stringify({
        messageType: "DATA_MESSAGE",
        owner: "111122223333",
        logGroup: "/aws/eks/other/cluster",
        logStream: "kube-apiserver-audit-0",
        subscriptionFilters: ["audit"],
        logEvents: [{ id: "1", timestamp: 1, message: line }],
      });
    expect((await run([exec("10:00", user), token("10:10", user)])).length).toBe(1);
    expect(await run([exec("10:00", user), other(token("10:10", user))])).toEqual([]);
  });
});

describe("with every detector, on recordings", () => {
  const recordings = recordingsIn(`${root}test/recordings/audit`);
  const found = async (events: string) =>
    (await ledgerFlow([events])).findings.filter(({ family }) => family === "sequence");

  it.each(recordings.filter(({ name }) => name.startsWith("benign-")).map(({ name, events }) => [name, events]))(
    "is quiet on %s",
    async (_, events) => {
      expect((await found(events ?? "")).map(({ title }) => title)).toEqual([]);
    },
  );

  it("finds the attackers of a chain", async () => {
    const { events = "" } = recordings.find(({ name }) => name === "attack-chain") ?? {};
    expect((await found(events)).length).toBeGreaterThan(0);
  });
});
