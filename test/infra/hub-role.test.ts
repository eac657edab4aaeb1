import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { rights } from "../../infra/rights.ts";
import { evaluate } from "../support/template/evaluate.ts";
import { plain } from "../support/template/plain.ts";
import type { Template } from "../support/template/template.ts";
import { root } from "../tools/folders.ts";
import { transform } from "../tools/infra/transform.ts";

const PUBLISHERS = ["eu-central-1", "us-east-1"].map((region) => `arn:aws:iam::111122223333:role/publish-${region}`);

let template: Template;
beforeAll(async () => {
  const shipped = await transform(join(root, "infra", "sam", "hub-role.yaml"));
  const pseudo = { "AWS::AccountId": "444455556666", "AWS::Partition": "aws", "AWS::Region": "eu-central-1" };
  template = plain(evaluate(shipped, { parameters: { PublishRoleArns: PUBLISHERS.join(",") }, pseudo }));
}, 900_000);

describe("the role of another account", () => {
  it("may do there what the publisher may do at home, in all Regions, and nothing else", () => {
    const own = rights.Publish.find(({ sid }) => sid === "SecurityHub");
    const { Policies, ManagedPolicyArns } = template.Resources.Role?.Properties ?? {};
    expect(ManagedPolicyArns).toBeUndefined();
    expect(Policies).toMatchObject([
      {
        PolicyDocument: {
          Statement: [
            {
              ...{ Effect: "Allow", Action: own?.actions },
              Resource: ["arn:aws:securityhub:*:444455556666:product/444455556666/default"],
            },
          ],
        },
      },
    ]);
  });

  it("trusts the publishers that it is told, and nobody else", () => {
    const { AssumeRolePolicyDocument } = template.Resources.Role?.Properties ?? {};
    expect(AssumeRolePolicyDocument).toMatchObject({
      Statement: [{ Effect: "Allow", Principal: { AWS: PUBLISHERS }, Action: "sts:AssumeRole" }],
    });
  });

  it("is all that is made", () => {
    expect(Object.values(template.Resources).map(({ Type }) => Type)).toEqual(["AWS::IAM::Role"]);
  });
});
