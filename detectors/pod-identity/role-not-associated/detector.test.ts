import { describe, expect, it } from "vitest";
import { association, roleArn } from "../../../test/support/associations.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { podCredentials } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const POD = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e01", name: "orders-7d9f-x2kq" };
const given = (at: string, role: string, tags: Readonly<Record<string, string>> = {}): string[] =>
  podCredentials(at, POD, NODE, { key: "ASIAEXAMPLEORDERS001", role, tags });
const findings = async (lines: readonly string[], settle = true) =>
  (await ledgerFlow(lines, { detectors: [detector], settle })).findings;

describe("pod-identity/role-not-associated finds", () => {
  it("a role that the association does not name", async () => {
    const lines = [association("08:00", "orders"), ...given("10:05", "admin")];
    const [finding, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "medium", cluster: "demo", target: roleArn("admin") },
      reasons: ["another role than the association's"],
    });
    expect(finding?.title).toBe(
      `A pod of service account shop/orders was given role admin, but the service account's association names ${roleArn("orders")}`,
    );
  });

  it("the role of before, an hour after the association was pointed elsewhere", async () => {
    const lines = [
      association("08:00", "orders"),
      association("09:00", "other", { api: "Update" }),
      ...given("10:05", "orders"),
    ];
    expect(await findings(lines)).toHaveLength(1);
  });

  it("any role after the association was deleted, as medium", async () => {
    const lines = [
      association("08:00", "orders"),
      association("09:00", "orders", { api: "Delete" }),
      ...given("10:05", "orders"),
    ];
    expect(await findings(lines)).toMatchObject([{ severity: "medium", reasons: ["the association was deleted"] }]);
  });

  it("one thing a role and day, whichever record comes first and however often", async () => {
    const lines = [association("08:00", "orders"), ...given("10:05", "admin"), ...given("10:45", "admin")];
    const once = await findings(lines);
    const others = await findings([...lines, ...lines].reverse());
    expect(once).toHaveLength(1);
    expect(others.map(({ id, count, title }) => [id, count, title])).toEqual(
      once.map(({ id, count, title }) => [id, count, title]),
    );
  });
});

describe("pod-identity/role-not-associated stays quiet on", () => {
  const created = association("08:00", "orders");
  it.each<[string, string[]]>([
    ["the association's role", [created, ...given("10:05", "orders")]],
    [
      "its target role",
      [association("08:00", "orders", { targetRoleArn: roleArn("data") }), ...given("10:05", "data")],
    ],
    [
      "a target role that only the answer names",
      [association("08:00", "orders", { answer: { targetRoleArn: roleArn("data") } }), ...given("10:05", "data")],
    ],
    ["a service account whose association is older than the ledger", given("10:05", "admin")],
    [
      "what was given before the first change that was seen",
      [association("12:00", "orders"), ...given("10:05", "admin")],
    ],
    [
      "the role of before, within five minutes of a change",
      [created, association("09:56", "other", { api: "Update" }), ...given("10:00:30", "orders")],
    ],
    [
      "the new role, in the hour of its change",
      [created, association("10:30", "other", { api: "Update" }), ...given("10:31", "other")],
    ],
    [
      "an update whose answer does not tell the role",
      [created, association("09:00", "", { api: "Update" }), ...given("10:05", "admin")],
    ],
    [
      "an association that was deleted and made again",
      [
        created,
        association("08:30", "orders", { api: "Delete" }),
        association("08:31", "admin"),
        ...given("10:05", "admin"),
      ],
    ],
    ["another service account", [created, ...given("10:05", "admin", { "kubernetes-service-account": "payments" })]],
    ["another cluster", [association("08:00", "orders", { cluster: "green" }), ...given("10:05", "admin")]],
    [
      "a change that was refused",
      [
        JSON.stringify({ ...JSON.parse(association("08:00", "orders")), errorCode: "AccessDenied" }),
        ...given("10:05", "admin"),
      ],
    ],
    [
      "a session that the association's refused change did not come to",
      [
        created,
        JSON.stringify({
          ...JSON.parse(association("08:30", "other", { api: "Update" })),
          errorCode: "AccessDenied",
        }),
        ...given("10:05", "orders"),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("a session of which the association's change may still come", async () => {
    expect(await findings([association("08:00", "orders"), ...given("10:05", "admin")], false)).toEqual([]);
  });
});
