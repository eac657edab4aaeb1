import { describe, expect, it } from "vitest";
import { clusterCreated, clusterRoleOpened } from "../../../test/support/auto.ts";
import { callers } from "../../../test/support/events.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { call, launched, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const ROLE = "quayside";
const fleet = { invokedBy: "ec2fleet.amazonaws.com" };
type Fields = Readonly<Record<string, unknown>>;
const used = (fields: Fields = {}, at = "12:00", role = ROLE): string =>
  call(at, "ec2:RunInstances", { userIdentity: session(role, "mallory", "ASIAEXAMPLEMALLORY01"), ...fields });
const find = (...lines: readonly string[]) => eitherWay(lines, { detectors: [detector] });
/** EKS launching with a role of this name. */
const launchedBy = (role: string): string =>
  launched("10:00", "i-0a1b2c3d4e5f60001").replaceAll("AmazonEKSAutoClusterRole", role);

describe("managed-instances/operator-role learns a cluster role, whatever its name, from", () => {
  it.each<[string, string]>([
    ["EKS opening a session of it for a cluster", clusterRoleOpened("10:00", ROLE)],
    ["EKS launching with it", launchedBy(ROLE)],
    ["the making of its cluster", clusterCreated("10:00", ROLE, "hands")],
    ["EKS at work on the next day", clusterRoleOpened("2026-11-23T10:00:00", ROLE)],
    ["EKS at work on the day before", clusterRoleOpened("2026-11-21T10:00:00", ROLE)],
  ])("%s", async (_, line) => {
    const [finding, ...rest] = await find(line, used());
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "critical", confidence: "high", outcome: "success", count: 1, sourceIP: "198.51.100.20" },
      ...{ target: `arn:aws:iam::111122223333:role/${ROLE}`, subject: `key/ASIAEXAMPLEMALLORY01 role/${ROLE}` },
      actor: { accessKeyId: "ASIAEXAMPLEMALLORY01", session: "mallory" },
    });
    expect(finding?.title).toBe(
      "Session mallory of quayside, the cluster role of Auto Mode of demo, called ec2:RunInstances from 198.51.100.20",
    );
  });

  it("its work, when a call is refused: one step less, in the same finding", async () => {
    const denied = used({ errorCode: "Client.UnauthorizedOperation" });
    const [alone] = await find(clusterRoleOpened("10:00", ROLE), denied);
    expect(alone).toMatchObject({ severity: "high", outcome: "attempt" });
    const [both] = await find(clusterRoleOpened("10:00", ROLE), denied, used({}, "12:05"));
    expect(both).toMatchObject({ id: alone?.id, severity: "critical", count: 2 });
  });

  it("its work, when it has the proposed name, too: the same finding, an event once, and raised", async () => {
    const proposed = "AmazonEKSAutoClusterRole";
    const alone = await find(used({}, "12:00", proposed));
    expect(alone).toMatchObject([{ severity: "high", count: 1 }]);
    const known = await find(launchedBy(proposed), used({}, "12:00", proposed));
    expect(known).toMatchObject([{ id: alone[0]?.id, severity: "critical", count: 1 }]);
  });
});

describe("managed-instances/operator-role, by the ledger, stays quiet on", () => {
  const asService = { sourceIPAddress: "eks.amazonaws.com" };
  it.each<[string, readonly string[]]>([
    ["a role that nothing was learned of", [used()]],
    ["another role", [clusterRoleOpened("10:00", "other"), used()]],
    ["the role at work through EKS", [clusterRoleOpened("10:00", ROLE), used(asService)]],
    [
      "the role at work through EC2 Fleet",
      [clusterRoleOpened("10:00", ROLE), used({ userIdentity: { ...callers.human("eks", ROLE), ...fleet } })],
    ],
    ["a role that EKS assumed for no cluster of Auto Mode", [clusterRoleOpened("10:00", ROLE, ""), used()]],
    ["the role of a cluster without Auto Mode", [clusterCreated("10:00", ROLE, "hands", false), used()]],
    [
      "the role of a Karpenter that somebody runs themselves",
      [launchedBy(ROLE).replace("eks:kubernetes-node-class-name", "karpenter.k8s.aws/ec2nodeclass"), used()],
    ],
    [
      "a role that launches a fleet with the cluster's tag, and without EKS's own",
      [launchedBy(ROLE).replace("eks:kubernetes-node-class-name", "team"), used()],
    ],
    ["what was done long before it was a cluster's", [clusterRoleOpened("2026-11-25T10:00:00", ROLE), used()]],
  ])("%s", async (_, lines) => {
    expect(await find(...lines)).toEqual([]);
  });
});
