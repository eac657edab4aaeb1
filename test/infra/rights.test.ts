import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { CrosstrailProps } from "../../infra/cdk/props.ts";
import type { OutputName } from "../../infra/outputs.ts";
import { type FunctionName, functionNames } from "../../infra/settings.ts";
import recorded from "../localstack/calls.generated.json" with { type: "json" };
import { emptyBundles } from "../support/bundles.ts";
import { cloudAssembly } from "../support/cloud-assembly.ts";
import { isSection, type Json, type Section, type Template } from "../support/template/template.ts";

/** What resources are called in the recorded calls; here and there each is told by the output that names it. */
const CALLED: Readonly<Partial<Record<OutputName, string>>> = {
  ...{ StreamArn: "stream", TableName: "table", TopicArn: "topic", KeyArn: "key" },
  ...{ QuarantineBucket: "quarantine", ConfigBucket: "config" },
  ...{ HubUrgentQueueUrl: "queue hub-urgent", HubQueueUrl: "queue hub-other" },
  ...{ NotifyQueueUrl: "queue notify", RefusedQueueUrl: "queue refused" },
};
const PRODUCT = "arn:${AWS::Partition}:securityhub:${AWS::Region}:${AWS::AccountId}:product/${AWS::AccountId}/default";

/** The actions of requests that are called otherwise (docs.aws.amazon.com/service-authorization/latest/reference). */
const ACTIONS: Readonly<Record<string, string>> = {
  "sqs:SendMessageBatch": "sqs:SendMessage",
  "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
  "sns:PublishBatch": "sns:Publish",
  "s3:ListObjectVersions": "s3:ListBucketVersions",
};

/** What the functions' own clients do not ask for, and why it is needed. */
const BESIDE: readonly {
  readonly of: readonly FunctionName[];
  readonly rights: readonly string[];
  readonly reason: string;
}[] = [
  {
    of: functionNames,
    rights: ["logs:CreateLogStream logs", "logs:PutLogEvents logs", "xray:PutTelemetryRecords *"].concat(
      "xray:PutTraceSegments *",
    ),
    reason: "Lambda writes the function's log and traces in its name",
  },
  {
    of: ["Detect"],
    rights: ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"].map(
      (action) => `kinesis:${action} stream`,
    ),
    reason: "Lambda reads the stream in its name",
  },
  {
    of: ["Detect"],
    rights: ["s3:PutObject quarantine/aws/lambda/*", "s3:ListBucket quarantine"],
    reason: "Lambda puts what it gives up into the quarantine in its name",
  },
  {
    of: ["Publish"],
    rights: ["hub-urgent", "hub-other", "notify"].flatMap((queue) =>
      ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map((action) => `sqs:${action} queue ${queue}`),
    ),
    reason: "Lambda reads the queues in its name",
  },
  {
    of: ["Detect", "Sweep"],
    rights: ["s3:ListBucket config"],
    reason: "without it S3 denies access to a configuration that is not there, in place of saying so",
  },
];

/** Through the key: said by its conditions. */
const KEY_ACTIONS = ["kms:Decrypt key", "kms:GenerateDataKey key"];

/** Asked for with the role of another account, which has the right. */
const BY_ROLE = / product of another account$/;

const expected = (name: FunctionName): readonly string[] => {
  const own = recorded[name.toLowerCase() as keyof typeof recorded].flatMap((line) => {
    if (BY_ROLE.test(line)) return [];
    const [operation = "", ...resource] = line.split(" ");
    return `${ACTIONS[operation] ?? operation} ${resource.join(" ").replace(/^product$/, PRODUCT)}`;
  });
  const beside = BESIDE.filter(({ of }) => of.includes(name)).flatMap(({ rights }) => rights);
  return [...own, ...beside, ...KEY_ACTIONS].toSorted();
};

const elsewhere = mkdtempSync(join(tmpdir(), "crosstrail-rights-"));
afterAll(() => rmSync(elsewhere, { recursive: true }));
const everything: CrosstrailProps = {
  ...{ clusters: ["prod"], trailLogGroup: "trail", trailEvents: true, sourceAccounts: ["444455556666"] },
  hubRoles: ["arn:aws:iam::444455556666:role/crosstrail-findings"],
  bundles: emptyBundles(elsewhere),
};
const { template } = cloudAssembly(everything);

const section = (value: Json | undefined): Section => (isSection(value) ? value : {});
const all = (value: Json | undefined): readonly Json[] => (value === undefined ? [] : [value].flat());
/** The logical id that a Ref or GetAtt names. */
const idIn = (value: Json | undefined): string => {
  const { Ref, "Fn::GetAtt": attribute } = section(value);
  return String(Ref ?? all(attribute)[0]);
};

/** A role's statements. */
function statementsOf({ Resources }: Template, roleId: string): readonly Section[] {
  const { Policies, ManagedPolicyArns } = Resources[roleId]?.Properties ?? {};
  expect(ManagedPolicyArns).toBeUndefined();
  return all(Policies).flatMap((policy) =>
    all(section(section(policy).PolicyDocument).Statement).map((statement) => section(statement)),
  );
}

/** `action resource`, sorted. */
function rightsOf(from: Template, roleId: string, called: ReadonlyMap<string, string>): readonly string[] {
  const resource = (value: Json): string => {
    if (!isSection(value)) return String(value);
    const parts = value["Fn::Join"];
    if (Array.isArray(parts)) return all(parts[1]).map(resource).join("");
    const id = idIn(value);
    return id.startsWith("AWS::") ? `\${${id}}` : (called.get(id) ?? id);
  };
  const rows = statementsOf(from, roleId).flatMap(({ Effect, Action, Resource, NotAction, NotResource }) => {
    expect([Effect, NotAction, NotResource]).toEqual(["Allow", undefined, undefined]);
    return all(Action).flatMap((action) => all(Resource).map((one) => `${action} ${resource(one)}`));
  });
  return rows.toSorted();
}

/** Logical ids -> what they are called. */
const calledIn = ({ Outputs = {} }: Template, logs = ""): ReadonlyMap<string, string> =>
  new Map([
    ...Object.entries(CALLED).map(([output, name]) => [idIn(Outputs[output]?.Value), name] as const),
    [logs, "logs"],
  ]);

function functionIn(from: Template, name: FunctionName) {
  const { Role, LoggingConfig } = from.Resources[idIn(from.Outputs?.[`${name}Function`]?.Value)]?.Properties ?? {};
  return { role: idIn(Role), called: calledIn(from, idIn(section(LoggingConfig).LogGroup)) };
}

/** Services through which a role may use the key. */
const viaOf = (roleId: string): readonly string[] =>
  statementsOf(template, roleId)
    .filter(({ Action }) => all(Action).some((action) => String(action).startsWith("kms:")))
    .flatMap(({ Condition }) => all(section(section(Condition).StringEquals)["kms:ViaService"]))
    .map((value) => String(all(all(section(value)["Fn::Join"])[1])[0]).replace(/\.$/, ""))
    .toSorted();

describe.each(functionNames)("the role of %s", (name) => {
  const { role, called } = functionIn(template, name);
  const rights = rightsOf(template, role, called);

  it("allows what the function was seen to ask for, what Lambda does in its name, and nothing else", () => {
    expect(rights).toEqual(expected(name));
  });

  it("allows nothing of Security Hub where there is none", () => {
    const without = cloudAssembly({ ...everything, securityHub: false, hubRoles: [] }).template;
    const found = functionIn(without, name);
    const left = expected(name).filter((right) => !/hub|sts:/.test(right));
    expect(rightsOf(without, found.role, found.called)).toEqual(left);
  });

  it("names every action, and every resource but those of X-Ray, which has none", () => {
    expect(rights.filter((right) => right.split(" ")[0]?.includes("*"))).toEqual([]);
    const anywhere = rights.filter((right) => right.endsWith(" *"));
    expect(anywhere).toEqual(["xray:PutTelemetryRecords *", "xray:PutTraceSegments *"]);
  });

  it("reaches the key through the services that keep something encrypted for it, and through no other", () => {
    const key = idIn(template.Outputs?.KeyArn?.Value);
    const encrypted = [...called].filter(
      // A log group's service uses the key in its own name.
      ([id, what]) => what !== "logs" && id !== key && JSON.stringify(template.Resources[id] ?? {}).includes(key),
    );
    expect(encrypted).toHaveLength(called.size - 2);
    const services = rights
      .filter((right) => encrypted.some(([, what]) => new RegExp(` ${what}(?:$|/)`).test(right)))
      .map((right) => right.split(":")[0]);
    expect(viaOf(role)).toEqual([...new Set(services)].toSorted());
  });
});

it("declares nothing that was seen to be asked for", () => {
  for (const name of functionNames) expect(new Set(expected(name)).size).toBe(expected(name).length);
});

it("lets logs and events write to the stream, and do nothing else", () => {
  const roles = Object.entries(template.Resources).flatMap(([id, { Type }]) => (Type === "AWS::IAM::Role" ? id : []));
  const others = roles.filter((id) => !functionNames.some((name) => functionIn(template, name).role === id));
  expect(others).toHaveLength(2);
  for (const id of others) {
    expect(rightsOf(template, id, calledIn(template))).toEqual([
      ...["kinesis:PutRecord stream", "kinesis:PutRecords stream", "kms:GenerateDataKey key"],
    ]);
    expect(viaOf(id)).toEqual(["kinesis"]);
  }
});

it("keeps all rights in the roles themselves", () => {
  const types = Object.values(template.Resources).map(({ Type }) => Type);
  expect(types.filter((type) => /^AWS::IAM::.*Policy$/.test(type))).toEqual([]);
});
