import { describe, expect, it } from "vitest";
import { callers } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, launched, nodeAtWork } from "../../../test/support/trails.ts";
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
      config: { version: 1, detectors: { "managed-instances/tampering": { params } } },
    })
  ).findings;
const own = (all: Awaited<ReturnType<typeof findings>>) =>
  all.map(({ id, severity, count, title, outcome }) => [id, severity, count, title, outcome]);

describe("managed-instances/tampering finds by the ledger", () => {
  it("a person's try on an instance that EKS launched", async () => {
    const [finding] = await findings([launch, stop(refused)]);
    expect(finding).toMatchObject({
      ...{ severity: "high", outcome: "attempt", target: NODE, cluster: "unknown" },
      ...{ sourceIP: "198.51.100.20", subject: `principal/${mallory.arn} changes to EC2, 2026-11-22` },
      actor: {
        ...{ kind: "human", name: mallory.arn, arn: mallory.arn, accessKeyId: mallory.accessKeyId },
        role: "arn:aws:iam::111122223333:role/Developer",
      },
    });
    expect(finding?.title).toBe(
      `mallory (role Developer) tried ec2:StopInstances on ${NODE}, which EKS Auto Mode of demo manages (UnauthorizedOperation)`,
    );
  });

  it("what got through: critical", async () => {
    const [finding] = await findings([launch, stop()]);
    expect(finding).toMatchObject({ severity: "critical", outcome: "success" });
    expect(finding?.title).toContain("mallory (role Developer) got through with ec2:StopInstances");
  });

  it.each<[string, object, string]>([
    ["the root user", callers.root(), "high"],
    ["a user", callers.user(), "high"],
    ["a pod", callers.human("eks-demo-app-0f0e0d0c-0b0a-4908-8706-050403020100", "app"), "medium"],
    ["a service on its own account", callers.service("ssm.amazonaws.com"), "medium"],
    ["a service for the root user", { ...callers.root(), invokedBy: "cloudformation.amazonaws.com" }, "high"],
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
    expect(`${finding?.title} ${finding?.reasons.join()}`).toContain(what);
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
    expect(swept.map(({ severity, count }) => [severity, count])).toEqual([["low", 2]]);
    expect(swept[0]?.notExempted).toEqual(["5 instances in one call"]);
    const params = { sweepers: ["night-stop"] };
    const [one] = await findings([launch, stop({ ...refused, userIdentity: first })], params);
    expect(one).toMatchObject({ severity: "low", notExempted: ["night-stop is listed in sweepers"] });
    expect(one?.subject).toBe("principal/night-stop all instances, 2026-11-22");
    const userIdentity = callers.user("bob");
    const [user] = await findings([launch, stop({ ...refused, userIdentity })], { sweepers: [userIdentity.arn] });
    expect(user).toMatchObject({ severity: "low", subject: `principal/${userIdentity.arn} all instances, 2026-11-22` });
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
    // One a change, and what EC2 did not say of the last.
    expect(first?.reasons).toHaveLength(4);
    const late = await findings([...lines, ...lines].reverse());
    expect(own(late)).toEqual(first === undefined ? [] : own([first]));
    const tomorrow = await findings([...lines, stop(refused, [NODE], "2026-11-23T09:00:00")]);
    expect(tomorrow).toHaveLength(2);
    const other = await findings([...lines, stop({ ...refused, userIdentity: callers.root() })]);
    expect(other).toHaveLength(2);
  });
});

describe("managed-instances/tampering, by the ledger, stays quiet on", () => {
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

describe("managed-instances/tampering, of both halves", () => {
  const config = { version: 1 as const, auto: { resources: [NODE] } };
  const both = async (lines: readonly string[]) =>
    (await ledgerFlow(lines, { detectors: [detector], config })).findings;

  it("makes one finding, which counts each event once, and is told by the event itself", async () => {
    const [finding, ...rest] = await both([launch, stop(refused), stop(refused, [NODE], "11:00")]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ count: 2, severity: "high", userAgent: "aws-sdk-go-v2/1.36.3" });
    expect(finding?.raw).toHaveLength(1);
    const [alone] = await findings([launch, stop(refused)]);
    expect(finding?.id).toBe(alone?.id);
  });

  it("reads the same in any order", async () => {
    const lines = [launch, nodeAtWork("09:00", NODE, "ASIAEXAMPLENODE00001"), stop(refused), stop({}, [NODE], "11:00")];
    const [forth] = await both(lines);
    const [back] = await both([...lines].reverse());
    expect(back).toEqual(forth);
    expect(forth).toMatchObject({ count: 2, severity: "critical" });
    const [made = "", work = "", tried = ""] = lines;
    expect(await findings([tried, made, work])).toEqual(await findings([made, work, tried]));
  });
});

it("managed-instances/tampering knows a node by its work, when its launch was not seen", async () => {
  const atWork = nodeAtWork("09:00", NODE, "ASIAEXAMPLENODE00001");
  const [finding] = await findings([atWork, stop({ ...refused, userIdentity: callers.root() })]);
  expect(finding).toMatchObject({ severity: "high", target: NODE });
  expect(await findings([nodeAtWork("09:00", "i-0a1b2c3d4e5f60099", "ASIAEXAMPLENODE00001"), stop(refused)])).toEqual(
    [],
  );
});

it("managed-instances/tampering knows an interface that names its node, and none of the control plane's", async () => {
  const eni = "eni-0a1b2c3d4e5f60001";
  const made = (tags: readonly string[]): string =>
    call("10:00", "ec2:CreateNetworkInterface", {
      userIdentity: { ...callers.human("eks", "demo-cluster"), invokedBy: "eks.amazonaws.com" },
      sourceIPAddress: "eks.amazonaws.com",
      requestParameters: {
        tagSpecificationSet: {
          items: [{ resourceType: "network-interface", tags: tags.map((key) => ({ key, value: "owned" })) }],
        },
      },
      responseElements: { networkInterface: { networkInterfaceId: eni } },
    });
  const taken = touch("ModifyNetworkInterfaceAttribute", {
    requestParameters: { networkInterfaceId: eni },
    ...refused,
  });
  const [finding] = await findings([made(["eks:kubernetes-cni-node-name", "kubernetes.io/cluster/demo"]), taken]);
  expect(finding).toMatchObject({ severity: "high", target: eni });
  expect(finding?.title).toContain("Auto Mode of demo");
  expect(await findings([made(["kubernetes.io/cluster/demo"]), taken])).toEqual([]);
});
