import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { differences } from "../../infra/differences.ts";
import { outputs } from "../../infra/outputs.ts";
import { parameters } from "../../infra/parameters.ts";
import { SAM_TEMPLATE, type Synthesised, samTemplate, synthesise } from "../support/both-stacks.ts";
import { anyChoice, type Choice, choices, parametersOf, propsOf } from "../support/choices.ts";
import { compare, type Difference, disallowed } from "../support/template/compare.ts";
import { type Evaluated, evaluate } from "../support/template/evaluate.ts";
import { refusals } from "../support/template/refusals.ts";
import type { Json, Template } from "../support/template/template.ts";

let sam: Template;
beforeAll(async () => {
  sam = await samTemplate();
}, 900_000);

/** Outputs are compared as one more resource. */
const withOutputs = ({ resources, outputs: put }: Evaluated): Evaluated => ({
  resources: { ...resources, Outputs: { Type: "outputs", Properties: put } },
  outputs: {},
});

const cdkOf = (choice: Choice): Synthesised => synthesise((scope) => propsOf(choice, scope));
const samOf = (choice: Choice): Evaluated => evaluate(sam, { parameters: parametersOf(choice) });

/** What CDK (left) and SAM (right) make otherwise of the same choice. */
function between(choice: Choice): readonly Difference[] {
  const { template, names } = cdkOf(choice);
  return compare(withOutputs(evaluate(template)), withOutputs(samOf(choice)), names);
}

const named = Object.entries(choices);

describe("SAM and CDK make the same stack", () => {
  it.each(named)("of %s", (_, choice) => {
    expect(disallowed(between(choice), differences).rest).toEqual([]);
  });

  it("of any choice", () => {
    fc.assert(
      fc.property(anyChoice, (choice) => {
        expect(refusals(sam, parametersOf(choice))).toEqual([]);
        expect(disallowed(between(choice), differences).rest).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it("but for differences with a reason, each of which is there", () => {
    expect(
      disallowed(
        named.flatMap(([, choice]) => between(choice)),
        differences,
      ).unused,
    ).toEqual([]);
  });

  it("in which no two log groups have filters of one name: a list of clusters may lose its first", () => {
    const [, choice] = named.find(([name]) => name === "as many clusters and addresses as there are places") ?? [];
    const names = Object.values(samOf(choice ?? {}).resources).flatMap(({ Type, Properties = {} }) =>
      Type === "AWS::Logs::SubscriptionFilter" ? [Properties.FilterName] : [],
    );
    expect(names.length).toBeGreaterThan(10);
    expect(new Set(names).size).toBe(names.length);
  });

  it("in which whoever is told by mail stands in no place: a list of addresses may lose its first", () => {
    const { resources } = samOf(choices["everything that can be watched"] ?? {});
    const kinds = Object.values(resources).map(({ Type }) => Type);
    expect(kinds).not.toContain("AWS::SNS::Subscription");
    for (const id of ["Topic", "AlarmTopic"])
      expect(resources[id]?.Properties?.Subscription).toEqual([
        { Endpoint: "user@example.com", Protocol: "email" },
        { Endpoint: "soc@example.com", Protocol: "email" },
      ]);
  });

  it.each(named)("which puts out nothing that is empty, of %s", (_, choice) => {
    expect(Object.values(samOf(choice).outputs)).not.toContainEqual(expect.objectContaining({ Value: "" }));
  });

  it("of a stack that is not empty, and not the same for all choices", () => {
    const made = named.map(([, choice]) => Object.keys(samOf(choice).resources));
    for (const ids of made) expect(ids.length).toBeGreaterThan(60);
    expect(new Set(made.map((ids) => ids.join())).size).toBeGreaterThan(5);
  });
});

describe("the SAM template", () => {
  it("has each condition both ways in the choices that are compared", () => {
    const conditions = Object.keys(sam.Conditions ?? {});
    const probe = Object.fromEntries(conditions.map((id) => [id, { Type: "probe", Condition: id }]));
    const seen = named.map(
      ([, choice]) =>
        evaluate({ ...sam, Resources: probe, Outputs: {} }, { parameters: parametersOf(choice) }).resources,
    );
    for (const id of conditions) {
      const ways = new Set(seen.map((resources) => id in resources));
      expect([id, ...ways].length).toBe(3);
    }
  });

  it("asks for the parameters that the construct has properties for, with their defaults", () => {
    const asked = Object.entries(sam.Parameters ?? {}).map(([name, { Default }]) => [name, Default]);
    expect(asked).toEqual(Object.entries(parameters).map(([name, one]) => [name, one.default]));
  });

  it("puts out what doctor reads", () => {
    expect(Object.keys(sam.Outputs ?? {})).toEqual(Object.keys(outputs));
  });

  it("keeps far from what CloudFormation takes", () => {
    // docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    expect(readFileSync(SAM_TEMPLATE).length).toBeLessThan(1_048_576 / 4);
    expect(Buffer.byteLength(JSON.stringify(sam))).toBeLessThan(1_048_576 / 2);
    expect(Object.keys(sam.Resources).length).toBeLessThan(250);
    expect(Object.keys(sam.Parameters ?? {}).length).toBeLessThanOrEqual(200);
    for (const { Description = "" } of Object.values(sam.Parameters ?? {}) as { readonly Description?: string }[])
      expect(Description.length).toBeLessThanOrEqual(4_000);
  });

  it("needs no capability but CAPABILITY_IAM to be deployed: no role has a name of its own", () => {
    const roles = Object.values(sam.Resources).filter(({ Type }) => Type === "AWS::IAM::Role");
    expect(roles.length).toBe(5);
    for (const { Properties = {} } of roles)
      expect([Properties.RoleName, Properties.ManagedPolicyArns]).toEqual([undefined, undefined]);
  });
});

describe("the comparison", () => {
  it("tells of a value that only one of them changed", () => {
    const choice = choices["everything that can be watched"] ?? {};
    const { template, names } = cdkOf(choice);
    const id = Object.keys(names).find((one) => names[one] === "DetectStream") ?? "";
    const resource = template.Resources[id];
    const changed: Template = {
      ...template,
      Resources: {
        ...template.Resources,
        [id]: {
          ...resource,
          Type: resource?.Type ?? "",
          Properties: { ...resource?.Properties, BatchSize: 10 as Json },
        },
      },
    };
    const found = compare(evaluate(changed), samOf(choice), names);
    expect(disallowed(found, differences).rest).toEqual([
      { resource: "DetectStream", path: "Properties.BatchSize", left: "10", right: "1000" },
    ]);
  });
});
