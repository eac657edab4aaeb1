import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../folders.ts";
import { installInfraTools } from "./installation.ts";
import { lint } from "./lint.ts";
import { transform } from "./transform.ts";

const folder = mkdtempSync(join(tmpdir(), "crosstrail-infra-"));
// The first hook waits for the installation.
beforeAll(() => installInfraTools(), 900_000);
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const sam = (properties: string): string => `
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  Size: { Type: Number, Default: 512 }
Conditions:
  IsLarge: !Equals [!Ref Size, 1024]
Resources:
  Detect:
    Type: AWS::Serverless::Function
    Properties:
      { Runtime: nodejs24.x, Handler: index.handler, MemorySize: !Ref Size, ${properties} }
Outputs:
  Arn: { Condition: IsLarge, Value: !GetAtt Detect.Arn }
`;

describe("the SAM transform", () => {
  it("makes plain CloudFormation, and keeps what is not its own", async () => {
    const template = await transform(file("good.yaml", sam("CodeUri: ../detect, Policies: AWSXrayWriteOnlyAccess")));
    expect(template.Transform).toBeUndefined();
    expect(template.Parameters).toEqual({ Size: { Type: "Number", Default: 512 } });
    expect(template.Conditions).toEqual({ IsLarge: { "Fn::Equals": [{ Ref: "Size" }, 1024] } });
    expect(template.Outputs).toEqual({ Arn: { Condition: "IsLarge", Value: { "Fn::GetAtt": ["Detect", "Arn"] } } });
    const { Detect, DetectRole } = template.Resources;
    expect(Detect?.Type).toBe("AWS::Lambda::Function");
    expect(Detect?.Properties).toMatchObject({
      MemorySize: { Ref: "Size" },
      Code: { S3Bucket: "local", S3Key: relative(root, join(folder, "..", "detect")) },
    });
    // The ARN is in the table that AWS ships with the transform.
    expect(DetectRole?.Properties?.ManagedPolicyArns).toContain("arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess");
  });

  it("of a template that is not valid is an error with the reasons", async () => {
    const path = file("bad.yaml", sam("CodeUri: ., Memory: 5"));
    await expect(transform(path)).rejects.toThrow(/bad\.yaml: .*\[Detect\].*Memory not defined/s);
  });
});

describe("the linters", () => {
  const plain = (attributes: object, properties: object = {}): string =>
    JSON.stringify({ Resources: { Queue: { Type: "AWS::SQS::Queue", ...attributes, Properties: properties } } });
  const kept = { DeletionPolicy: "Delete", UpdateReplacePolicy: "Delete" };
  const days = { MessageRetentionPeriod: 1209600 };

  it("have nothing against a good template, and nothing against none", async () => {
    expect(await lint([file("good.json", plain(kept, days))])).toEqual([]);
    expect(await lint([])).toEqual([]);
  });

  it.each<[string, string, string]>([
    ["an error", "E3002", plain(kept, { ...days, Fifo: true })],
    [
      "a warning",
      "W2001",
      JSON.stringify({ ...JSON.parse(plain(kept, days)), Parameters: { Unused: { Type: "String" } } }),
    ],
    ["advice", "I3011", plain({}, days)],
  ])("fail on %s", async (_, rule, template) => {
    const [fault] = await lint([file("faulty.json", template)]);
    expect(fault).toContain(rule);
  });

  it("are not to be silenced by a template", async () => {
    const Metadata = { "cfn-lint": { config: { ignore_checks: ["I3011"] } } };
    const [fault] = await lint([file("silent.json", plain({ Metadata }, days))]);
    expect(fault).toContain("ignores findings in its metadata");
  });

  it("read a SAM template too, both of them", async () => {
    expect(await lint([], [file("good.yaml", sam("CodeUri: ."))])).toEqual([]);
    const faults = await lint([], [file("bad.yaml", sam("CodeUri: ., Memory: 5"))]);
    expect(faults).toHaveLength(2);
    expect(faults[1]).toContain("Linting failed");
  });

  it("ignore nothing without a reason", () => {
    const settings = readFileSync(join(root, "infra", ".cfnlintrc.yaml"), "utf8");
    const [, ignored = ""] = settings.split("ignore_checks:\n");
    for (const line of ignored.trimEnd().split("\n")) expect(line).toMatch(/^ {2}- [EWI]\d{4} # \S.{20,}$/);
  });
});
