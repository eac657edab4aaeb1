import type { AdvancedFieldSelector } from "@aws-sdk/client-cloudtrail";
import { describe, expect, it } from "vitest";
import { commandsFor } from "./command.ts";
import { ruleVerdict } from "./rule.ts";
import { keepingAll, type Selectors } from "./selectors.ts";
import { groupVerdict, keptVerdict, regionsVerdict, sendsTo, trailVerdict } from "./trails.ts";

const command = commandsFor({ region: "eu-central-1" });
const trail = { Name: "all", TrailARN: "arn:aws:cloudtrail:us-east-1:111122223333:trail/all", HomeRegion: "us-east-1" };

const basic = (ReadWriteType: "All" | "ReadOnly" | "WriteOnly", more: object = {}): Selectors => ({
  EventSelectors: [{ ReadWriteType, IncludeManagementEvents: true, ...more }],
});
const advanced = (...more: readonly AdvancedFieldSelector[]): Selectors => ({
  AdvancedEventSelectors: [{ FieldSelectors: [{ Field: "eventCategory", Equals: ["Management"] }, ...more] }],
});
const verdictOf = (...all: readonly Selectors[]) =>
  keptVerdict(
    all.map((selectors) => ({ trail, selectors: selectors as never })),
    command,
  );

describe("which events the trails keep", () => {
  it.each<[string, readonly Selectors[]]>([
    ["no selector, which is how a trail is made", [{ EventSelectors: [] }]],
    ["read and write events", [basic("All")]],
    [
      "all but KMS and the RDS data API, which is all that can be left out",
      [basic("All", { ExcludeManagementEventSources: ["kms.amazonaws.com", "rdsdata.amazonaws.com"] })],
    ],
    [
      "two selectors that make a whole",
      [{ EventSelectors: [...(basic("ReadOnly").EventSelectors ?? []), ...(basic("WriteOnly").EventSelectors ?? [])] }],
    ],
    ["two trails that make a whole", [basic("ReadOnly"), basic("WriteOnly")]],
    ["an advanced selector without a word on readOnly", [advanced()]],
    [
      "an advanced selector that leaves out KMS",
      [advanced({ Field: "eventSource", NotEquals: ["kms.amazonaws.com"] })],
    ],
    [
      "two advanced selectors that make a whole",
      [advanced({ Field: "readOnly", Equals: ["true"] }), advanced({ Field: "readOnly", Equals: ["false"] })],
    ],
    ["readOnly that may be either", [advanced({ Field: "readOnly", Equals: ["true", "false"] })]],
  ])("are all with %s", (_, selectors) => {
    expect(verdictOf(...selectors)).toMatchObject({ outcome: "ok" });
  });

  it.each<[string, Selectors, RegExp]>([
    ["only what writes", basic("WriteOnly"), /eks-auth:AssumeRoleForPodIdentity, sts:AssumeRole/],
    ["only what reads", basic("ReadOnly"), /ec2:RunInstances/],
    ["no management events", basic("All", { IncludeManagementEvents: false }), /eks-auth:AssumeRoleForPodIdentity/],
    [
      "a source left out",
      basic("All", { ExcludeManagementEventSources: ["sts.amazonaws.com"] }),
      /not keep sts:AssumeRole,/,
    ],
    ["an advanced selector of what writes", advanced({ Field: "readOnly", Equals: ["false"] }), /eks-auth:/],
    // It looks like more than it is: reads alone.
    [
      "an advanced selector of what reads, and no other",
      advanced({ Field: "readOnly", Equals: ["true"] }),
      /ec2:RunInstances/,
    ],
    [
      "an advanced selector without EKS Auth",
      advanced({ Field: "eventSource", NotEquals: ["kms.amazonaws.com", "eks-auth.amazonaws.com"] }),
      /not keep eks-auth:AssumeRoleForPodIdentity\.$/,
    ],
    [
      "an advanced selector of names that begin with Delete",
      advanced({ Field: "eventName", StartsWith: ["Delete"] }),
      /sts:AssumeRole/,
    ],
    [
      "an advanced selector by what nobody can tell",
      advanced({ Field: "userIdentity.arn", StartsWith: ["arn:"] }),
      /sts:AssumeRole/,
    ],
    [
      "data events alone",
      { AdvancedEventSelectors: [{ FieldSelectors: [{ Field: "eventCategory", Equals: ["Data"] }] }] },
      /sts:AssumeRole/,
    ],
  ])("are not with %s", (_, selectors, lost) => {
    expect(verdictOf(selectors)).toMatchObject({ outcome: "missing", says: expect.stringMatching(lost) });
  });

  it("are mended in the trail's home Region, and its data events stay", () => {
    const data = { DataResources: [{ Type: "AWS::S3::Object", Values: ["arn:aws:s3"] }] };
    const [mend = ""] = verdictOf(basic("WriteOnly", data)).mend ?? [];
    expect(mend).toContain("--region us-east-1");
    expect(mend).not.toContain("eu-central-1");
    expect(mend).toContain("AWS::S3::Object");
  });

  it.each<[string, Selectors]>([
    ["basic selectors", basic("WriteOnly", { DataResources: [{ Type: "AWS::S3::Object", Values: ["arn:aws:s3"] }] })],
    [
      "advanced selectors",
      {
        AdvancedEventSelectors: [
          ...(advanced({ Field: "readOnly", Equals: ["true"] }).AdvancedEventSelectors ?? []),
          {
            FieldSelectors: [
              { Field: "eventCategory", Equals: ["Data"] },
              { Field: "resources.type", Equals: ["AWS::S3::Object"] },
            ],
          },
        ],
      },
    ],
  ])("are all with what the mending of %s says", (_, selectors) => {
    const [option, json = ""] = keepingAll(selectors);
    const key = option === "--event-selectors" ? "EventSelectors" : "AdvancedEventSelectors";
    expect(verdictOf({ [key]: JSON.parse(json) }).outcome).toBe("ok");
    expect(json).toContain("AWS::S3::Object");
  });
});

describe("the trails", () => {
  const active = (more: object = {}, status: object = {}) => [
    { trail: { ...trail, ...more }, status: { IsLogging: true, ...status } },
  ];
  it("are missing when there are none, or none records", () => {
    expect(trailVerdict([], [], { group: undefined, command }).says).toBe("There is no trail.");
    expect(trailVerdict([], [], { group: "g", command }).says).toBe("No trail sends to log group g.");
    expect(trailVerdict([trail], [], { group: "g", command })).toMatchObject({
      outcome: "missing",
      mend: [expect.stringContaining(`start-logging --name ${trail.TrailARN} --region us-east-1`)],
    });
    expect(trailVerdict([trail], active(), { group: "g", command }).outcome).toBe("ok");
  });

  it("are known by the log group, whole", () => {
    const to = (group: string) => ({
      CloudWatchLogsLogGroupArn: `arn:aws:logs:eu-central-1:111122223333:log-group:${group}:*`,
    });
    expect(sendsTo(to("/trail/all"), "/trail/all")).toBe(true);
    expect(sendsTo(to("/trail/all"), "arn:aws:logs:eu-central-1:111122223333:log-group:/trail/all")).toBe(true);
    expect(sendsTo(to("/trail/all-of-it"), "/trail/all")).toBe(false);
    expect(sendsTo({}, "/trail/all")).toBe(false);
  });

  it("have to record all Regions and global services, in one of them", () => {
    expect(
      regionsVerdict(active({ IsMultiRegionTrail: true, IncludeGlobalServiceEvents: true }), command).outcome,
    ).toBe("ok");
    expect(
      regionsVerdict(active({ IsMultiRegionTrail: false, IncludeGlobalServiceEvents: true }), command).outcome,
    ).toBe("missing");
    expect(
      regionsVerdict(active({ IsMultiRegionTrail: true, IncludeGlobalServiceEvents: false }), command).outcome,
    ).toBe("missing");
    expect(regionsVerdict([], command).outcome).toBe("not applicable");
  });

  it("have to get into their log group", () => {
    expect(groupVerdict(active(), "g").outcome).toBe("ok");
    expect(groupVerdict(active({}, { LatestCloudWatchLogsDeliveryError: "AccessDenied" }), "g")).toMatchObject({
      outcome: "missing",
      says: expect.stringContaining("AccessDenied"),
    });
    expect(groupVerdict([], "g").outcome).toBe("not applicable");
  });
});

describe("the rule of EventBridge", () => {
  const rule = { name: "r", region: "eu-central-1", command, alone: true };
  it.each([
    ["ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "ok"],
    // It passes on what writes, which looks like all.
    ["ENABLED", "missing"],
    ["DISABLED", "missing"],
  ] as const)("in state %s is %s", (State, outcome) => {
    expect(ruleVerdict({ State, EventPattern: '{"a":["b"]}' }, rule).outcome).toBe(outcome);
  });

  it("is mended with its own pattern, which the call would take from it", () => {
    expect(ruleVerdict({ State: "ENABLED", EventPattern: '{"a":["b"]}' }, rule).mend?.[0]).toContain(
      `--event-pattern '{"a":["b"]}'`,
    );
  });

  it("is missing when there is none", () => {
    expect(ruleVerdict(undefined, rule).outcome).toBe("missing");
  });

  it("does not see IAM's events outside of us-east-1, unless a log group brings them", () => {
    const found = { State: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" } as const;
    expect(ruleVerdict(found, rule).says).toContain("us-east-1");
    expect(ruleVerdict(found, { ...rule, alone: false }).says).not.toContain("us-east-1");
    expect(ruleVerdict(found, { ...rule, region: "us-east-1" }).says).not.toContain("us-east-1");
  });
});
