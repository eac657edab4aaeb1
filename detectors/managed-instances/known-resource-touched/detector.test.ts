import { describe, expect, it } from "vitest";
import { callers } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, launched } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const FIVE = [1, 2, 3, 4, 5].map((index) => `i-0a1b2c3d4e5f6000${index}`);
const refused = { errorCode: "Client.UnauthorizedOperation", errorMessage: "You are not authorized" };
const mallory = callers.human("mallory", "Developer");

type Fields = Readonly<Record<string, unknown>>;
const touch = (api: string, fields: Fields = {}, at = "10:30"): string =>
  call(at, `ec2:${api}`, { userIdentity: mallory, requestParameters: { instanceId: NODE }, ...fields });
const stop = (fields: Fields = {}, ids: readonly string[] = [NODE], at = "10:30"): string => {
  const requestParameters = { instancesSet: { items: ids.map((instanceId) => ({ instanceId })) } };
  return touch("StopInstances", { requestParameters, ...fields }, at);
};
const launch = launched("10:00", NODE);
const options = (more: object, fields: Fields = {}): string =>
  touch("ModifyInstanceMetadataOptions", {
    requestParameters: { ModifyInstanceMetadataOptionsRequest: { InstanceId: NODE, ...more } },
    ...fields,
  });
const findings = async (lines: readonly string[], params: Fields = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { "managed-instances/known-resource-touched": { params } } },
    })
  ).findings;
const own = (all: Awaited<ReturnType<typeof findings>>) =>
  all.map(({ id, severity, count, title, outcome }) => [id, severity, count, title, outcome]);

describe("managed-instances/known-resource-touched finds", () => {
  it("a person's try on an instance that EKS launched", async () => {
    const [finding] = await findings([launch, stop(refused)]);
    expect(finding).toMatchObject({
      ...{ severity: "high", outcome: "attempt", target: NODE, cluster: "demo" },
      ...{ sourceIP: "198.51.100.20", subject: `principal/${mallory.arn} resources of demo` },
      actor: {
        ...{ kind: "human", name: mallory.arn, arn: mallory.arn, accessKeyId: mallory.accessKeyId },
        role: "arn:aws:iam::111122223333:role/Developer",
      },
    });
    expect(finding?.title).toBe(`mallory tried ec2:StopInstances on ${NODE}, which EKS Auto Mode of demo created`);
  });

  it("what got through: critical", async () => {
    const [finding] = await findings([launch, stop()]);
    expect(finding).toMatchObject({ severity: "critical", outcome: "success" });
    expect(finding?.title).toContain("mallory got through with ec2:StopInstances");
  });

  it.each<[string, object, string]>([
    ["the root user", callers.root(), "high"],
    ["a user", callers.user(), "high"],
    ["a pod", callers.human("eks-demo-app-0f0e0d0c-0b0a-4908-8706-050403020100", "app"), "medium"],
    ["a service on its own account", callers.service("ssm.amazonaws.com"), "medium"],
    ["a service for somebody", { ...mallory, invokedBy: "cloudformation.amazonaws.com" }, "medium"],
  ])("a refusal by who asked: %s", async (_, userIdentity, severity) => {
    const [finding] = await findings([launch, stop({ ...refused, userIdentity })]);
    expect(finding).toMatchObject({ severity });
    expect(Object.values(finding?.actor ?? {})).not.toContain("");
  });

  it("TerminateInstances by customers, which is refused like the others", async () => {
    const terminate = touch("TerminateInstances", {
      requestParameters: { instancesSet: { items: [{ instanceId: NODE }] } },
      ...refused,
    });
    expect((await findings([launch, terminate])).map(({ severity }) => severity)).toEqual(["high"]);
  });

  it.each(["volume", "network interface", "launch template"])("a %s", async (kind) => {
    const made: Record<string, readonly [string, string, string]> = {
      volume: ["CreateVolume", "vol-0a1b2c3d4e5f60001", "DetachVolume"],
      "network interface": ["CreateNetworkInterface", "eni-0a1b2c3d4e5f60001", "ModifyNetworkInterfaceAttribute"],
      "launch template": ["CreateLaunchTemplate", "lt-0a1b2c3d4e5f60001", "ModifyLaunchTemplate"],
    };
    const [create = "", id = "", change = ""] = made[kind] ?? [];
    const event = JSON.parse(launch);
    const creation = JSON.stringify({ ...event, eventName: create, responseElements: { [create]: { id } } });
    const [finding] = await findings([creation, touch(change, { requestParameters: { id }, ...refused })]);
    expect(finding).toMatchObject({ severity: "high", target: id });
  });

  it("metadata options, in words: opened ones are high, those that only close are low while refused", async () => {
    const [opened] = await findings([launch, options({ HttpTokens: "optional" }, refused)]);
    expect(opened).toMatchObject({ severity: "high" });
    expect(opened?.title).toContain("(requests without a token (IMDSv1))");
    const [closed] = await findings([launch, options({ HttpTokens: "required" }, refused)]);
    expect(closed).toMatchObject({ severity: "low" });
    const [through] = await findings([launch, options({ HttpTokens: "required" })]);
    expect(through).toMatchObject({ severity: "critical" });
  });

  it.each<[string, object, string]>([
    ["EKS's own tags", { tagSet: { items: [{ key: "eks:eks-cluster-name" }] } }, "(eks:eks-cluster-name)"],
    ["all tags", {}, "(all tags)"],
  ])("%s taken away: no rule of EC2's forbids it", async (_, tags, what) => {
    const fields = { requestParameters: { resourcesSet: { items: [{ resourceId: NODE }] }, ...tags } };
    const [finding] = await findings([launch, touch("DeleteTags", fields)]);
    expect(finding).toMatchObject({ severity: "high" });
    expect(finding?.title).toContain(what);
    const [tried] = await findings([launch, touch("DeleteTags", { ...fields, ...refused })]);
    expect(tried).toMatchObject({ severity: "medium" });
  });

  it("a tool that goes over all instances: one low finding, whatever its sessions are called", async () => {
    const launches = FIVE.map((id) => launched("10:00", id));
    const first = callers.human("run-1", "night-stop");
    const second = callers.human("run-2", "night-stop");
    const runs = [
      stop({ ...refused, userIdentity: first }, FIVE),
      stop({ ...refused, userIdentity: second }, FIVE, "20:00"),
    ];
    const swept = await findings([...launches, ...runs]);
    expect(swept.map(({ severity, count }) => [severity, count])).toEqual([["low", 10]]);
    expect(swept[0]?.notExempted).toEqual(["5 instances in one call"]);
    const params = { sweepers: ["night-stop"] };
    const [one] = await findings([launch, stop({ ...refused, userIdentity: first })], params);
    expect(one).toMatchObject({ severity: "low", notExempted: ["night-stop is listed in sweepers"] });
    expect(one?.subject).toBe("principal/arn:aws:iam::111122223333:role/night-stop resources of demo");
    const userIdentity = callers.user("bob");
    const [user] = await findings([launch, stop({ ...refused, userIdentity })], { sweepers: [userIdentity.arn] });
    expect(user).toMatchObject({ severity: "low", subject: `principal/${userIdentity.arn} resources of demo` });
    const [service] = await findings([launch, stop({ ...refused, sourceIPAddress: "cloudformation.amazonaws.com" })]);
    expect(service).not.toHaveProperty("sourceIP");
    expect((await findings([launch, stop({ userIdentity: first })], params)).map(({ severity }) => severity)).toEqual([
      "critical",
    ]);
    const root = stop({ ...refused, userIdentity: callers.root() }, FIVE);
    expect((await findings([...launches, root])).map(({ severity }) => severity)).toEqual(["high"]);
  });

  it("one thing a principal and day, in whatever order and however often", async () => {
    const launches = FIVE.slice(0, 2).map((id) => launched("10:00", id));
    const tries = [
      stop(refused),
      stop(refused, [FIVE[1] ?? ""], "10:40"),
      options({ HttpTokens: "optional" }, refused),
    ];
    const lines = [...launches, ...tries];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(first?.count).toBe(3);
    expect(first?.reasons).toHaveLength(3);
    const late = await findings([...lines, ...lines].reverse());
    expect(own(late)).toEqual(first === undefined ? [] : own([first]));
    const tomorrow = await findings([...lines, stop(refused, [NODE], "2026-11-23T09:00:00")]);
    expect(tomorrow).toHaveLength(2);
    const other = await findings([...lines, stop({ ...refused, userIdentity: callers.root() })]);
    expect(other).toHaveLength(2);
  });
});

describe("managed-instances/known-resource-touched stays quiet on", () => {
  const eks = {
    userIdentity: { ...callers.human("eks", "AWSServiceRoleForAmazonEKS"), invokedBy: "eks.amazonaws.com" },
  };
  const tagged = launch.replace("eks:kubernetes-node-class-name", "karpenter.k8s.aws/ec2nodeclass");
  it.each<[string, string[]]>([
    ["an instance of somebody's own", [launch, stop(refused, ["i-0a1b2c3d4e5f60099"])]],
    ["an instance whose launch was not seen", [stop(refused)]],
    ["EKS itself", [launch, stop(eks)]],
    ["reads", [launch, touch("DescribeInstanceAttribute"), touch("GetConsoleOutput")]],
    [
      "tags of other kinds, which anybody may set",
      [
        launch,
        touch("CreateTags", { requestParameters: { resourcesSet: { items: [{ resourceId: NODE }] } } }),
        touch("DeleteTags", {
          requestParameters: {
            resourcesSet: { items: [{ resourceId: NODE }] },
            tagSet: { items: [{ key: "cost-center" }] },
          },
        }),
      ],
    ],
    ["a snapshot that a backup tool takes", [launch, touch("CreateSnapshots")]],
    ["nodes of a Karpenter that somebody runs themselves", [tagged, stop()]],
    [
      "an instance that somebody launched with EKS's tags by hand",
      [launch.replaceAll("ec2fleet.amazonaws.com", "198.51.100.7").replace(',"invokedBy":"198.51.100.7"', ""), stop()],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });
});
