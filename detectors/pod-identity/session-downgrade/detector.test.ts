import { describe, expect, it } from "vitest";
import { association, roleArn } from "../../../test/support/associations.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, podCredentials, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const POD = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e01", name: "orders-7d9f-x2kq" };
const READ = call("2026-11-20T08:00:00", "sts:GetCallerIdentity", {
  userIdentity: session("Developer", "alice", "ASIAEXAMPLEHUMAN0001"),
});
/** A session for a pod; `without` its tags, or with other parameters. */
const given = (at: string, params: Readonly<Record<string, unknown>> = {}, role = "orders"): string => {
  const record = JSON.parse(podCredentials(at, POD, NODE, { key: "ASIAEXAMPLEORDERS001", role })[1] ?? "");
  return JSON.stringify({ ...record, requestParameters: { ...record.requestParameters, ...params } });
};
const UNTAGGED = { tags: [] };
const findings = async (lines: readonly string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

describe("pod-identity/session-downgrade finds", () => {
  it.each<[string, string[], string]>([
    [
      "a session without tags, of a role whose association has them",
      [association("08:00", "orders"), given("09:00"), given("10:05", UNTAGGED)],
      "without session tags",
    ],
    [
      "a session without the policy that the association carries",
      [association("08:00", "orders", { policy: "{}" }), given("10:05")],
      "without its session policy",
    ],
    ["a session of another length", [given("10:05", { durationSeconds: 43_200 })], "for 43200 s instead of 21600"],
    [
      "an hour, of a role that is no target",
      [association("08:00", "orders"), given("10:05", { durationSeconds: 3_600 })],
      "for 3600 s instead of 21600",
    ],
  ])("%s", async (_, lines, what) => {
    const found = await findings([READ, ...lines]);
    expect(found).toMatchObject([{ severity: "low", reasons: [what], target: "orders", account: "111122223333" }]);
    expect(found[0]?.title).toBe(`EKS opened a session of role orders for a pod ${what}`);
    const others = await findings([READ, ...lines, ...lines].reverse());
    expect(others.map(({ id, count }) => [id, count])).toEqual(found.map(({ id, count }) => [id, count]));
  });
});

describe("pod-identity/session-downgrade stays quiet on", () => {
  const created = association("08:00", "orders");
  it.each<[string, string[]]>([
    ["a session as it should be", [READ, created, given("10:05")]],
    [
      "an association with its tags off",
      [READ, association("08:00", "orders", { disableSessionTags: true }), given("10:05", UNTAGGED)],
    ],
    [
      "tags that were switched off within five minutes after",
      [
        READ,
        created,
        association("11:04", "orders", { api: "Update", disableSessionTags: true }),
        given("10:05", UNTAGGED),
      ],
    ],
    [
      "an update that does not tell of tags",
      [READ, created, association("09:00", "orders", { api: "Update" }), given("10:05", UNTAGGED)],
    ],
    ["a role of which no association is known", [READ, given("10:05", UNTAGGED)]],
    ["an association that came with the session", [READ, association("10:02", "orders"), given("10:00", UNTAGGED)]],
    [
      "what has been so since yesterday",
      [READ, given("2026-11-21T09:00:00", UNTAGGED), created, given("10:05", UNTAGGED)],
    ],
    [
      "a target role, which lasts an hour",
      [
        READ,
        association("08:00", "first", { targetRoleArn: roleArn("orders") }),
        given("10:05", { durationSeconds: 3_540 }),
      ],
    ],
    ["an hour, of a role that may be a target", [READ, given("10:05", { durationSeconds: 3_600 })]],
    ["a record that tells no duration", [READ, created, given("10:05", { durationSeconds: undefined })]],
    [
      "what was so in the week before, too",
      [
        READ.replace("2026-11-20", "2026-11-16"),
        given("2026-11-18T09:00:00", UNTAGGED),
        created,
        given("10:05", UNTAGGED),
      ],
    ],
    ["an association without a policy", [READ, association("08:00", "orders"), given("10:05")]],
    ["a trail that has just begun", [created, given("10:05", UNTAGGED)]],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });
});
