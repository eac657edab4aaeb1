import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, nodeAtWork, nodeCredentials, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const OTHER = "i-0a1b2c3d4e5f60002";
const KEY = "ASIAEXAMPLEFOREIGN01";
const assumed = (role = "AmazonEKSAutoNodeRole", name = NODE): string =>
  call("10:00", "sts:AssumeRole", {
    userIdentity: session("Developer", "mallory", "ASIAEXAMPLEMALLORY01"),
    requestParameters: { roleArn: `arn:aws:iam::111122223333:role/${role}`, roleSessionName: name },
    responseElements: {
      credentials: { accessKeyId: KEY },
      assumedRoleUser: { assumedRoleId: `AROAEXAMPLENODE:${name}` },
    },
  });
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

it("finds a node's name chosen by whoever may assume the node role", async () => {
  const [finding] = await findings(assumed(), nodeAtWork("10:05", NODE, KEY));
  expect(finding).toMatchObject({ severity: "critical", actor: { accessKeyId: KEY } });
  expect(finding?.title).toBe(
    `Node ${NODE} of cluster demo acted with key ${KEY}, which was issued by mallory (role Developer) under the name ${NODE}`,
  );
});

it("finds the key of one node used in the name of another", async () => {
  const [finding] = await findings(nodeCredentials("10:00", OTHER, KEY), nodeAtWork("10:05", NODE, KEY));
  expect(finding?.title).toContain(`which was issued to node ${OTHER}`);
});

it("is one finding, whichever trail comes first and however often", async () => {
  const use = [nodeAtWork("10:05", NODE, KEY), nodeAtWork("11:05", NODE, KEY)];
  const [first] = await findings(assumed(), ...use);
  const late = await findings(...use, assumed());
  expect(late.map(({ id, severity, count }) => [id, severity, count])).toEqual([[first?.id, "critical", first?.count]]);
});

it("stays quiet on a node with the key that EC2 gave it", async () => {
  expect(await findings(nodeCredentials("10:00", NODE, KEY), nodeAtWork("10:05", NODE, KEY))).toEqual([]);
});

it("stays quiet on a key of which no issue was seen", async () => {
  expect(await findings(nodeAtWork("10:05", NODE, KEY))).toEqual([]);
});

it("stays quiet on a role assumed and not used as a node", async () => {
  expect(await findings(assumed())).toEqual([]);
});
