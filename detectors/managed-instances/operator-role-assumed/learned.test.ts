import { describe, expect, it } from "vitest";
import { clusterCreated, clusterRoleOpened, roleArn } from "../../../test/support/auto.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { call, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const ROLE = "quayside";
type Fields = Readonly<Record<string, unknown>>;
const taken = (fields: Fields = {}, role = ROLE): string =>
  call("12:00", "sts:AssumeRole", {
    userIdentity: session("Developer", "mallory", "ASIAEXAMPLEMALLORY01"),
    requestParameters: { roleArn: roleArn(role), roleSessionName: "eks" },
    responseElements: { credentials: { accessKeyId: "ASIAEXAMPLETAKEN0001" } },
    ...fields,
  });
const find = (...lines: readonly string[]) => eitherWay(lines, { detectors: [detector] });

describe("managed-instances/operator-role-assumed, by the ledger, finds", () => {
  it.each<[string, string]>([
    ["EKS opening sessions of it", clusterRoleOpened("10:00", ROLE)],
    ["its cluster being made", clusterCreated("13:00", ROLE, "hands")],
  ])("a cluster role of any name, known by %s, assumed by a person", async (_, line) => {
    const [finding, ...rest] = await find(line, taken());
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "critical", confidence: "high", target: roleArn(ROLE), count: 1, sourceIP: "198.51.100.20" },
      ...{ subject: `key/ASIAEXAMPLEMALLORY01 role/${ROLE}`, action: { verb: "sts:AssumeRole" } },
    });
    expect(finding?.title).toBe(
      "mallory (role Developer) assumed the cluster role of Auto Mode of demo, quayside as session eks (sts:AssumeRole)",
    );
    expect(finding?.evidence.map(({ value }) => value)).toContain("ASIAEXAMPLETAKEN0001");
  });

  it("a try: one step less", async () => {
    const denied = { errorCode: "AccessDenied", responseElements: null };
    expect(await find(clusterRoleOpened("10:00", ROLE), taken(denied))).toMatchObject([
      { severity: "high", outcome: "attempt" },
    ]);
  });

  it("what the session's tag shows alone, in the same finding, raised", async () => {
    const tags = [{ key: "eks:eks-cluster-name", value: "demo" }];
    const tagged = taken({ requestParameters: { roleArn: roleArn(ROLE), roleSessionName: "eks", tags } });
    const alone = await find(tagged);
    expect(alone).toMatchObject([{ severity: "medium" }]);
    expect(await find(clusterRoleOpened("10:00", ROLE), tagged)).toMatchObject([
      { id: alone[0]?.id, severity: "critical", count: 1 },
    ]);
  });
});

describe("managed-instances/operator-role-assumed, by the ledger, stays quiet on", () => {
  it.each<[string, readonly string[]]>([
    ["a role that nothing was learned of", [taken()]],
    ["another role", [clusterRoleOpened("10:00", ROLE), taken({}, "other")]],
    ["EKS itself", [clusterRoleOpened("10:00", ROLE), clusterRoleOpened("11:00", ROLE)]],
    ["the role of a cluster without Auto Mode", [clusterCreated("10:00", ROLE, "hands", false), taken()]],
    ["the role of its nodes", [clusterCreated("10:00", ROLE, "hands"), taken({}, "hands")]],
  ])("%s", async (_, lines) => {
    expect(await find(...lines)).toEqual([]);
  });
});
