import {
  type AwsSecurityFinding,
  BatchImportFindingsCommand,
  BatchUpdateFindingsCommand,
  GetFindingsCommand,
  SecurityHubClient,
} from "@aws-sdk/client-securityhub";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SecurityHub, startSecurityHub } from "./security-hub.ts";

const account = "000000000000";
const arnOf = (region = "eu-central-1", owner = account) =>
  `arn:aws:securityhub:${region}:${owner}:product/${owner}/default`;
const finding = (changes: Partial<AwsSecurityFinding> = {}): AwsSecurityFinding => ({
  ...{
    SchemaVersion: "2018-10-08",
    Id: "f-1",
    ProductArn: arnOf(),
    GeneratorId: "crosstrail/x",
    AwsAccountId: account,
  },
  ...{ CreatedAt: "2026-01-01T00:00:00Z", UpdatedAt: "2026-01-01T00:00:00Z", Title: "T", Description: "D" },
  FindingProviderFields: { Severity: { Label: "HIGH" }, Types: ["TTPs/Discovery"] },
  Resources: [{ Type: "AwsEksCluster", Id: "arn:aws:eks:x", Partition: "aws", Region: "eu-central-1" }],
  ...changes,
});

let time = 0;
let hub: SecurityHub;
let client: SecurityHubClient;
beforeEach(async () => {
  time = 0;
  hub = await startSecurityHub({ now: () => time });
  client = new SecurityHubClient({
    ...{ region: "eu-central-1", endpoint: hub.url, maxAttempts: 1 },
    credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "example" },
  });
});
afterEach(async () => {
  client.destroy();
  await hub.close();
});

const send = (...Findings: AwsSecurityFinding[]) => client.send(new BatchImportFindingsCommand({ Findings }));
const get = async () => (await client.send(new GetFindingsCommand({}))).Findings ?? [];
const later = { UpdatedAt: "2026-01-01T00:00:01Z" };

describe("importing a finding", () => {
  it("keeps it as new, active, with the provider's severity and types at the top too", async () => {
    expect(await send(finding())).toMatchObject({ SuccessCount: 1, FailedCount: 0, FailedFindings: [] });
    expect(await get()).toEqual([
      expect.objectContaining({
        ...{ Id: "f-1", RecordState: "ACTIVE", Workflow: { Status: "NEW" } },
        ...{ Severity: { Label: "HIGH" }, Types: ["TTPs/Discovery"], Region: "eu-central-1" },
      }),
    ]);
  });

  it("updates it when UpdatedAt has grown", async () => {
    await send(finding());
    await send(finding({ ...later, Title: "later" }));
    expect(await get()).toMatchObject([{ Id: "f-1", Title: "later", ...later, Workflow: { Status: "NEW" } }]);
  });

  it.each(["2026-01-01T00:00:01Z", "2026-01-01T00:00:00.999Z"])(
    "ignores an UpdatedAt that has not grown (%s), and calls it a success",
    async (UpdatedAt) => {
      await send(finding({ ...later, Title: "first" }));
      const answer = await send(finding({ UpdatedAt, Title: "again" }));
      expect(answer).toMatchObject({ SuccessCount: 1, FailedCount: 0 });
      expect(await get()).toMatchObject([{ Title: "first" }]);
    },
  );

  it("compares UpdatedAt as times, not as text", async () => {
    await send(finding({ UpdatedAt: "2026-01-01T00:00:01.500Z" }));
    await send(finding({ UpdatedAt: "2026-01-01T00:00:01Z", Title: "older" }));
    expect(await get()).toMatchObject([{ Title: "T" }]);
  });

  it("ignores what belongs to analysts, and keeps what they wrote", async () => {
    await send(finding({ Workflow: { Status: "SUPPRESSED" } }));
    expect(await get()).toMatchObject([{ Workflow: { Status: "NEW" } }]);
    await client.send(
      new BatchUpdateFindingsCommand({
        FindingIdentifiers: [{ Id: "f-1", ProductArn: arnOf() }],
        ...{ Workflow: { Status: "RESOLVED" }, Severity: { Label: "LOW" } },
        Note: { Text: "seen", UpdatedBy: "analyst" },
      }),
    );
    await send(finding({ ...later, Workflow: { Status: "NEW" }, Title: "later" }));
    expect(await get()).toMatchObject([
      { Title: "later", Workflow: { Status: "RESOLVED" }, Severity: { Label: "LOW" }, Note: { Text: "seen" } },
    ]);
  });

  it("gives 200 and says which finding failed, and takes the others", async () => {
    const { FindingProviderFields: _, ...without } = finding({ Id: "bad" });
    const answer = await send(without as AwsSecurityFinding, finding());
    expect(answer).toMatchObject({ SuccessCount: 1, FailedCount: 1 });
    expect(answer.FailedFindings).toEqual([
      {
        ...{ Id: "bad", ErrorCode: "InvalidInput" },
        ErrorMessage: expect.stringContaining("must have required property 'FindingProviderFields'"),
      },
    ]);
    expect((await get()).map(({ Id }) => Id)).toEqual(["f-1"]);
  });

  it.each<[string, Partial<AwsSecurityFinding>]>([
    ["a title of 257 letters", { Title: "x".repeat(257) }],
    ["no resource", { Resources: [] }],
    ["33 resources", { Resources: Array.from({ length: 33 }, () => finding().Resources?.[0] ?? { Type: "", Id: "" }) }],
    ["an UpdatedAt before its CreatedAt", { UpdatedAt: "2025-12-31T00:00:00Z" }],
    [
      "a type of no known namespace",
      { FindingProviderFields: { Severity: { Label: "HIGH" }, Types: ["Odd/Discovery"] } },
    ],
    ["51 product fields", { ProductFields: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, "v"])) }],
  ])("fails %s alone", async (_what, changes) => {
    const answer = await send(finding(changes));
    expect(answer.FailedFindings).toMatchObject([{ Id: "f-1", ErrorCode: "InvalidInput" }]);
    expect(hub.findings()).toEqual([]);
  });

  it("fails a finding of more than 240 KB alone, and takes one of less", async () => {
    // 40 resources' worth of details are many; the rest of the schema holds.
    const Other = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`key-${i}`, "x".repeat(1000)]));
    const resource = { ...finding().Resources?.[0], Type: "Other", Id: "r", Details: { Other } };
    const answer = await send(
      finding({ Id: "large", Resources: Array.from({ length: 5 }, () => resource) }),
      finding({ Id: "fits", Resources: Array.from({ length: 4 }, () => resource) }),
    );
    expect(answer.FailedFindings?.map(({ Id }) => Id)).toEqual(["large"]);
  });
});

describe("a call is refused as a whole", () => {
  it.each([
    ["with 101 findings", Array.from({ length: 101 }, (_, i) => finding({ Id: `f-${i}` })), "InvalidInputException"],
    ["with none", [], "InvalidInputException"],
    ["of another account", [finding(), finding({ AwsAccountId: "111122223333" })], "AccessDeniedException"],
    [
      "on another account's product",
      [finding({ ProductArn: arnOf("eu-central-1", "111122223333") })],
      "AccessDeniedException",
    ],
    ["on another region's product", [finding({ ProductArn: arnOf("us-east-1") })], "AccessDeniedException"],
  ])("%s", async (_what, findings, name) => {
    await expect(send(...findings)).rejects.toMatchObject({ name });
    expect(hub.findings()).toEqual([]);
  });

  it("of more than 6 MB", async () => {
    const Other = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`key-${i}`, "x".repeat(1000)]));
    const resource = { ...finding().Resources?.[0], Type: "Other", Id: "r", Details: { Other } };
    const large = (i: number) => finding({ Id: `f-${i}`, Resources: [resource, resource, resource, resource] });
    await expect(send(...Array.from({ length: 40 }, (_, i) => large(i)))).rejects.toMatchObject({
      name: "InvalidInputException",
    });
  });

  it("signed for another region", async () => {
    const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "example" };
    const abroad = new SecurityHubClient({ region: "us-east-1", endpoint: hub.url, credentials, maxAttempts: 1 });
    const call = abroad.send(new BatchImportFindingsCommand({ Findings: [finding()] }));
    await expect(call).rejects.toMatchObject({ name: "InvalidSignatureException" });
    abroad.destroy();
  });
});

describe("rates and outages", () => {
  it("takes 30 calls at once, then 10 a second, and says so as the service does", async () => {
    for (let i = 0; i < 30; i += 1) await send(finding());
    await expect(send(finding())).rejects.toMatchObject({
      ...{ name: "TooManyRequestsException", $metadata: { httpStatusCode: 429 } },
    });
    time += 100;
    await send(finding());
    await expect(send(finding())).rejects.toMatchObject({ name: "TooManyRequestsException" });
    // However long it was quiet, 30 at once are the most.
    time += 3_600_000;
    for (let i = 0; i < 30; i += 1) await send(finding());
    await expect(send(finding())).rejects.toMatchObject({ name: "TooManyRequestsException" });
  });

  it("is a throttle to a client that retries", async () => {
    hub.plan = (call) => (call === 0 ? "throttled" : undefined);
    const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "example" };
    const patient = new SecurityHubClient({ region: "eu-central-1", endpoint: hub.url, credentials, maxAttempts: 2 });
    await patient.send(new BatchImportFindingsCommand({ Findings: [finding()] }));
    expect(hub.calls.map(({ status }) => status)).toEqual([429, 200]);
    patient.destroy();
  });

  it.each([
    ["internal", "InternalException", 0],
    ["disabled", "InvalidAccessException", 0],
    ["reset", "TimeoutError", 0],
    ["lost", "TimeoutError", 1],
  ] as const)("%s by plan gives %s, and %i findings are kept", async (trouble, name, kept) => {
    hub.plan = (call) => (call === 0 ? trouble : undefined);
    await expect(send(finding())).rejects.toMatchObject({ name });
    expect(hub.findings()).toHaveLength(kept);
    await send(finding());
    expect(hub.findings()).toHaveLength(1);
  });

  it("fails single findings by plan", async () => {
    hub.refuse = ({ Id }) => (Id === "f-2" ? "InternalError" : undefined);
    const answer = await send(finding(), finding({ Id: "f-2" }));
    expect(answer.FailedFindings).toMatchObject([{ Id: "f-2", ErrorCode: "InternalError" }]);
    expect(hub.calls[0]?.ids).toEqual(["f-1", "f-2"]);
  });
});

describe("reading findings", () => {
  it("filters and pages", async () => {
    await send(...["a-1", "a-2", "b-1"].map((Id) => finding({ Id })));
    const asked = { Filters: { Id: [{ Value: "a-", Comparison: "PREFIX" as const }] }, MaxResults: 1 };
    const first = await client.send(new GetFindingsCommand(asked));
    const second = await client.send(new GetFindingsCommand({ ...asked, NextToken: first.NextToken }));
    expect([first, second].flatMap(({ Findings }) => Findings?.map(({ Id }) => Id))).toEqual(["a-1", "a-2"]);
    expect(second.NextToken).toBeUndefined();
  });
});

it("takes from each caller what is of its own account, and keeps the accounts apart", async () => {
  const other = "444455556666";
  const place = await startSecurityHub({ accountOf: async (key) => (key === "ASIAEXAMPLE" ? other : account) });
  const of = (accessKeyId: string) =>
    new SecurityHubClient({
      ...{ region: "eu-central-1", endpoint: place.url, maxAttempts: 1 },
      credentials: { accessKeyId, secretAccessKey: "example" },
    });
  const theirs = finding({ AwsAccountId: other, ProductArn: arnOf("eu-central-1", other) });
  const imported = (key: string, one: AwsSecurityFinding) =>
    of(key).send(new BatchImportFindingsCommand({ Findings: [one] }));
  try {
    await imported("ASIAEXAMPLE", theirs);
    await imported("AKIAEXAMPLE", finding());
    await expect(imported("AKIAEXAMPLE", theirs)).rejects.toMatchObject({ name: "AccessDeniedException" });
    await expect(imported("ASIAEXAMPLE", finding())).rejects.toMatchObject({ name: "AccessDeniedException" });
    const { Findings = [] } = await of("ASIAEXAMPLE").send(new GetFindingsCommand({}));
    expect(Findings.map(({ AwsAccountId }) => AwsAccountId)).toEqual([other]);
    expect(place.findings().map(({ AwsAccountId }) => AwsAccountId)).toEqual([account, other]);
  } finally {
    await place.close();
  }
});
