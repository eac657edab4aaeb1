import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, launched, nodeAtWork, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60009";
const KEY = "ASIAEXAMPLEFOREIGN01";
const run = (fields: object = {}): string =>
  call("10:00", "ec2:RunInstances", {
    userIdentity: session("Developer", "mallory", "ASIAEXAMPLEMALLORY01"),
    sourceIPAddress: "203.0.113.9",
    responseElements: { instancesSet: { items: [{ instanceId: NODE }] } },
    ...fields,
  });
const work = nodeAtWork("10:05", NODE, KEY);
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

it("finds an instance of somebody's own at work as a node, whichever is known first", async () => {
  for (const lines of [
    [run(), work],
    [work, run()],
  ]) {
    const [finding, ...more] = await findings(...lines);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "critical", sourceIP: "203.0.113.9", target: NODE, cluster: "demo" },
      actor: { kind: "human", accessKeyId: "ASIAEXAMPLEMALLORY01" },
    });
    expect(finding?.title).toBe(
      `mallory (role Developer) launched instance ${NODE}, which is at work as a node of cluster demo: EKS launches those of Auto Mode itself`,
    );
  }
});

it("finds it whatever tags it was given", async () => {
  const tags = { items: [{ resourceType: "instance", tags: [{ key: "eks:eks-cluster-name", value: "demo" }] }] };
  const [finding] = await findings(run({ requestParameters: { tagSpecificationSet: tags } }), work);
  expect(finding?.severity).toBe("critical");
});

it.each([
  ["a node that EKS launches", [launched("10:00", NODE), work]],
  ["an instance that never was a node", [run()]],
  ["a node that nobody was seen to launch", [work]],
  ["a launch that failed", [run({ errorCode: "Client.UnauthorizedOperation", responseElements: null }), work]],
  [
    "another's instance",
    [run({ responseElements: { instancesSet: { items: [{ instanceId: "i-0a1b2c3d4e5f60008" }] } } }), work],
  ],
  [
    "what Auto Scaling launches",
    [
      run({
        userIdentity: {
          ...session("Developer", "mallory", "ASIAEXAMPLEMALLORY01"),
          invokedBy: "autoscaling.amazonaws.com",
        },
        sourceIPAddress: "autoscaling.amazonaws.com",
      }),
      work,
    ],
  ],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings(...lines)).toEqual([]);
});

it("is high where a pipeline launches it", async () => {
  const caller = session("Deploy", "run-1", "ASIAEXAMPLEPIPELINE1") as { sessionContext: object };
  const provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
  const sessionContext = { ...caller.sessionContext, webIdFederationData: { federatedProvider: provider } };
  const [finding] = await findings(run({ userIdentity: { ...caller, sessionContext } }), work);
  expect(finding?.severity).toBe("high");
});
