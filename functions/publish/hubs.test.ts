import type { SecurityHubClient } from "@aws-sdk/client-securityhub";
import { describe, expect, it } from "vitest";
import { createHubs, hubRoles } from "./hubs.ts";

const OWN = "111122223333";
const OTHER = "444455556666";
const role = (account: string, name = "crosstrail-findings"): string => `arn:aws:iam::${account}:role/${name}`;

describe("roles of other accounts", () => {
  it("are told by commas, each for its account, with a path or without", () => {
    const third = "arn:aws-cn:iam::777788889999:role/security/findings";
    expect([...hubRoles([role(OTHER), third].join(","))]).toEqual([
      [OTHER, role(OTHER)],
      ["777788889999", third],
    ]);
  });

  it.each([[""], [undefined]])("are none where nothing is told: %j", (list) => {
    expect(hubRoles(list).size).toBe(0);
  });

  it.each([
    ["a user", "arn:aws:iam::444455556666:user/a", /"arn:aws:iam::444455556666:user\/a" is not the ARN of a role/],
    ["a name", "crosstrail-findings", /"crosstrail-findings" is not the ARN of a role/],
    ["a session", "arn:aws:sts::444455556666:assumed-role/a/b", /is not the ARN of a role/],
    ["a role of no account", "arn:aws:iam:::role/a", /is not the ARN of a role/],
    ["two of one account", `${role(OTHER)},${role(OTHER, "b")}`, /two roles are of account 444455556666/],
  ])("are refused with a sentence: %s", (_, list, message) => {
    expect(() => hubRoles(list)).toThrow(message);
  });
});

describe("Security Hub of an account", () => {
  function hubs() {
    const asked: string[] = [];
    const clients: string[] = [];
    const of = createHubs({ account: OWN, region: "eu-central-1" }, hubRoles(role(OTHER)), (arn = "our own") => {
      clients.push(arn);
      const send = async () => {
        asked.push(arn);
        if (arn !== "our own") throw new Error("down");
        return { FailedFindings: [] };
      };
      return { send } as unknown as SecurityHubClient;
    });
    return { of, asked, clients };
  }

  it("is that of its role; of any other, and of what has none, it is our own", () => {
    const { of, clients } = hubs();
    expect(of(OTHER).publisher).toEqual({ account: OTHER, region: "eu-central-1" });
    for (const account of [OWN, "777788889999", "unknown"]) expect(of(account).publisher.account).toBe(OWN);
    expect(of("777788889999")).toBe(of(OWN));
    expect(of(OTHER)).toBe(of(OTHER));
    expect(clients).toEqual(["our own", role(OTHER)]);
  });

  it("is asked no more while it is down, and ours is", async () => {
    const { of, asked } = hubs();
    for (let n = 0; n < 5; n += 1) await expect(of(OTHER).send([])).rejects.toThrow();
    expect(asked).toEqual(Array.from({ length: 3 }, () => role(OTHER)));
    expect(await of(OWN).send([])).toEqual([]);
    expect(asked.at(-1)).toBe("our own");
  });
});
