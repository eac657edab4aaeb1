import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, CLUSTER, call, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const GUEST = "arn:aws:iam::111122223333:role/Guest";
const eks = (at: string, action: string, fields: object = {}): string =>
  call(at, `eks:${action}`, {
    userIdentity: session("PlatformAdmin", "alice", "ASIAEXAMPLEADMIN0001"),
    requestParameters: { name: CLUSTER, principalArn: encodeURIComponent(GUEST), ...fields },
  });
const deleted = (at: string): string => eks(at, "DeleteAccessEntry");
const used = (at: string, code = 200, role = "Guest"): string =>
  audit(at, {
    user: users.human("mallory", role),
    verb: "list",
    requestURI: "/api/v1/namespaces/shop/pods",
    objectRef: { resource: "pods", namespace: "shop", apiVersion: "v1" },
    responseStatus: { metadata: {}, code },
    annotations: { "authorization.k8s.io/decision": code === 403 ? "forbid" : "allow" },
  });
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

describe("finds", () => {
  it("a principal that is let in half an hour after its entry was deleted", async () => {
    const [finding, ...more] = await findings(used("09:00"), deleted("10:00"), used("10:35"));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      severity: "high",
      target: GUEST,
      cluster: "demo",
      reasons: ["deleted at 2026-11-22T10:00:00.000Z"],
    });
    expect(finding?.title).toBe(
      "alice (role PlatformAdmin) deleted the access entry of role Guest to cluster demo, which still lets it in",
    );
  });

  it("one that had opened more sessions before than are kept", async () => {
    const many = Array.from({ length: 1_000 }, (_, n) =>
      used(`09:${String(n % 60).padStart(2, "0")}`).replaceAll(
        /ASIA[A-Z0-9]+/g,
        `ASIAEXAMPLE${String(n).padStart(9, "0")}`,
      ),
    );
    expect(await findings(many.join("\n"), deleted("10:00"), used("10:35"))).toMatchObject([{ target: GUEST }]);
  });

  it("one that was granted before the deletion", async () => {
    const lines = [eks("09:00", "CreateAccessEntry", { principalArn: GUEST }), deleted("10:00"), used("10:35")];
    expect((await findings(...lines)).length).toBe(1);
  });

  it("one that comes after midnight", async () => {
    expect((await findings(deleted("2026-11-22T23:30:00"), used("2026-11-23T00:20:00"))).length).toBe(1);
  });

  it("one finding a day, in any order, however often", async () => {
    const lines = [deleted("10:00"), used("10:35"), used("10:55")];
    const [first] = await findings(...lines);
    const backwards = await findings(...lines.toReversed(), ...lines);
    expect(backwards.map(({ id, count }) => [id, count])).toEqual([[first?.id, 2]]);
  });
});

describe("stays quiet on", () => {
  it.each([
    ["requests within the life of a token", [deleted("10:00"), used("10:19")]],
    ["requests before the deletion", [used("09:50"), deleted("10:00")]],
    ["requests that are refused", [deleted("10:00"), used("10:35", 403)]],
    [
      "an entry that was made again",
      [deleted("10:00"), eks("10:20", "CreateAccessEntry", { principalArn: GUEST }), used("10:35")],
    ],
    [
      "a policy that was taken away",
      [eks("10:00", "DisassociateAccessPolicy", { policyArn: "x/View" }), used("10:35")],
    ],
    ["another principal", [deleted("10:00"), used("10:35", 200, "Intern")]],
    ["another cluster", [deleted("10:00").replaceAll(`"${CLUSTER}"`, '"other"'), used("10:35")]],
    [
      "a deletion that EKS refused",
      [deleted("10:00").replace('"eventName"', '"errorCode":"AccessDenied","eventName"'), used("10:35")],
    ],
  ])("%s", async (_, lines) => {
    expect((await findings(...lines)).map(({ title }) => title)).toEqual([]);
    expect(await findings(...lines.toReversed())).toEqual([]);
  });
});
