import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, CLUSTER, call, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const GUEST = "arn:aws:iam::111122223333:role/Guest";
const POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
const GRANTER = session("PlatformAdmin", "mallory", "ASIAEXAMPLEMALLORY01");

const eks = (at: string, action: string, fields: object = {}, userIdentity = GRANTER): string =>
  call(at, `eks:${action}`, {
    userIdentity,
    requestParameters: { name: CLUSTER, principalArn: encodeURIComponent(GUEST), ...fields },
  });
const granted = (at: string, by = GRANTER): string => eks(at, "AssociateAccessPolicy", { policyArn: POLICY }, by);
const revoked = (at: string): string => eks(at, "DeleteAccessEntry");
const used = (at: string, key = "ASIAEXAMPLEGUEST0001", code = 200): string => {
  const guest = users.human("mallory", "Guest");
  return audit(at, {
    user: { ...guest, extra: { ...guest.extra, accessKeyId: [key] } },
    verb: "list",
    requestURI: "/api/v1/secrets",
    objectRef: { resource: "secrets", apiVersion: "v1" },
    responseStatus: { metadata: {}, code },
    annotations: { "authorization.k8s.io/decision": code === 403 ? "forbid" : "allow" },
  });
};

const findings = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) => {
  const config = { version: 1 as const, detectors: { "access/grant-use-revoke": { params } } };
  return (await ledgerFlow(lines, { detectors: [detector], config })).findings;
};

describe("finds", () => {
  it("a policy that was associated, used and taken away with its entry", async () => {
    const [finding, ...more] = await findings([granted("10:00"), used("10:15"), revoked("10:40")]);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: "critical", confidence: "medium", target: GUEST, cluster: "demo" });
    expect(finding?.title).toBe(
      "mallory (role PlatformAdmin) let role Guest into cluster demo (AmazonEKSClusterAdminPolicy), it was used, and mallory (role PlatformAdmin) took it back 40 minutes later",
    );
  });

  it("an entry with a group, created and deleted", async () => {
    const created = eks("10:00", "CreateAccessEntry", { principalArn: GUEST, kubernetesGroups: ["admins"] });
    expect((await findings([created, used("10:15"), revoked("10:40")])).length).toBe(1);
  });

  it("a policy that was associated and disassociated", async () => {
    const taken = eks("10:40", "DisassociateAccessPolicy", { policyArn: encodeURIComponent(POLICY) });
    expect((await findings([granted("10:00"), used("10:15"), taken])).length).toBe(1);
  });

  it("a role with a path, which the cluster does not know", async () => {
    const deep = (line: string): string =>
      line.replaceAll(encodeURIComponent(GUEST), encodeURIComponent(GUEST.replace("/", "/aws-reserved/sso/")));
    expect((await findings([deep(granted("10:00")), used("10:15"), deep(revoked("10:40"))])).length).toBe(1);
  });

  it("an evening's grant that is taken back after midnight", async () => {
    const lines = [granted("2026-11-22T23:00:00"), used("2026-11-22T23:30:00"), revoked("2026-11-23T00:10:00")];
    expect((await findings(lines)).length).toBe(1);
  });

  it("somebody who grants it to himself, with high confidence", async () => {
    const [finding] = await findings([granted("10:00"), used("10:15", "ASIAEXAMPLEMALLORY01"), revoked("10:40")]);
    expect(finding).toMatchObject({
      ...{ severity: "critical", confidence: "high" },
      reasons: ["whoever granted it used it: the same key"],
    });
  });

  it("a principal of another account, and says so", async () => {
    const foreign = (line: string): string =>
      line
        .replaceAll("111122223333%3Arole", "444455556666%3Arole")
        .replaceAll("iam::111122223333:role/Guest", "iam::444455556666:role/Guest");
    const [finding] = await findings([granted("10:00"), used("10:15"), revoked("10:40")].map(foreign));
    expect(finding?.reasons).toEqual(["the principal is of another account"]);
  });

  it("one finding, in any order, however often", async () => {
    const lines = [granted("10:00"), used("10:15"), used("10:35"), revoked("10:40")];
    const forwards = await findings(lines);
    expect(forwards.map(({ count }) => count)).toEqual([2]);
    const plain = (all: typeof forwards) => all.map(({ events: _, evidence: __, ...rest }) => rest);
    expect(plain(await findings([...lines.toReversed(), ...lines]))).toEqual(plain(forwards));
  });

  it("a tool that grants for a while by right at low, unless it grants to itself", async () => {
    const lines = [granted("10:00"), used("10:15"), revoked("10:40")];
    expect((await findings(lines, { granters: ["PlatformAdmin"] })).map(({ severity }) => severity)).toEqual(["low"]);
    expect((await findings(lines, { granters: ["Admin"] })).map(({ severity }) => severity)).toEqual(["critical"]);
    const toSelf = [granted("10:00"), used("10:15", "ASIAEXAMPLEMALLORY01"), revoked("10:40")];
    const arn = "arn:aws:iam::111122223333:role/PlatformAdmin";
    expect((await findings(toSelf, { granters: [arn] })).map(({ severity }) => severity)).toEqual(["high"]);
  });
});

describe("stays quiet on", () => {
  it.each([
    ["access that is never used", [granted("10:00"), revoked("10:40")]],
    ["access that is not taken back", [granted("10:00"), used("10:15")]],
    ["what was used before it was granted", [used("09:20"), granted("10:00"), revoked("10:40")]],
    ["what is used after it was taken back", [granted("10:00"), revoked("10:10"), used("10:25")]],
    ["access that is granted again within the same minutes", [revoked("10:01"), used("10:03"), granted("10:05")]],
    ["access that is taken back and granted again", [revoked("10:00"), used("10:15"), granted("10:40")]],
    ["requests that the cluster refuses", [granted("10:00"), used("10:15", undefined, 403), revoked("10:40")]],
    [
      "another policy than the granted one being taken away",
      [
        granted("10:00"),
        used("10:15"),
        eks("10:40", "DisassociateAccessPolicy", { policyArn: POLICY.replace("ClusterAdmin", "View") }),
      ],
    ],
    [
      "a grant that EKS refuses",
      [
        granted("10:00").replace('"eventName"', '"errorCode":"AccessDenied","eventName"'),
        used("10:15"),
        revoked("10:40"),
      ],
    ],
    ["another principal", [granted("10:00"), used("10:15").replaceAll("role/Guest", "role/Intern"), revoked("10:40")]],
    ["another cluster", [granted("10:00").replaceAll(`"${CLUSTER}"`, '"other"'), used("10:15"), revoked("10:40")]],
    [
      "access that lasts longer than a day",
      [granted("2026-11-22T08:00:00"), used("2026-11-22T10:00:00"), revoked("2026-11-23T10:00:00")],
    ],
  ])("%s", async (_, lines) => {
    expect((await findings(lines)).map(({ title }) => title)).toEqual([]);
    expect(await findings(lines.toReversed())).toEqual([]);
  });
});
