import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namesIn } from "./cdk-names.ts";
import { compare, type Difference, disallowed } from "./compare.ts";
import { type Evaluated, evaluate } from "./evaluate.ts";
import { isSection, type Json, type Resource, type Section } from "./template.ts";

const of = (resources: Readonly<Record<string, Resource>>): Evaluated => ({ resources, outputs: {} });
const withProperties = (Properties: Section, rest: Section = {}): Evaluated =>
  of({ A: { Type: "AWS::A::B", Properties, ...rest } });
const differ = (left: Section, right: Section) => compare(withProperties(left), withProperties(right));
const policy = (...statements: readonly Section[]): Section => ({
  Policies: [{ PolicyName: "p", PolicyDocument: { Version: "2012-10-17", Statement: statements } }],
});
const allow: Section = { Effect: "Allow", Action: ["sqs:SendMessage", "sqs:GetQueueUrl"], Resource: "${Queue.Arn}" };

describe("the same, written otherwise, is no difference", () => {
  it.each<[string, Section, Section]>([
    ["a number as a text", { Size: 5, On: true }, { Size: "5", On: "true" }],
    ["the order of keys", { a: 1, b: 2 }, { b: 2, a: 1 }],
    [
      "the order of tags",
      {
        Tags: [
          { Key: "a", Value: 1 },
          { Key: "b", Value: 2 },
        ],
      },
      {
        Tags: [
          { Key: "b", Value: 2 },
          { Key: "a", Value: 1 },
        ],
      },
    ],
    ["the order of actions", policy(allow), policy({ ...allow, Action: ["sqs:GetQueueUrl", "sqs:SendMessage"] })],
    ["a list of one resource", policy(allow), policy({ ...allow, Resource: ["${Queue.Arn}"] })],
    ["the order of statements", policy(allow, { Effect: "Deny" }), policy({ Effect: "Deny" }, allow)],
    ["a statement that is alone", { PolicyDocument: { Statement: allow } }, { PolicyDocument: { Statement: [allow] } }],
    ["a statement's name", policy(allow), policy({ ...allow, Sid: "Send" })],
    ["everybody", policy({ Principal: "*" }), policy({ Principal: { AWS: ["*"] } })],
    ["a service in a list", policy({ Principal: { Service: "a" } }), policy({ Principal: { Service: ["a"] } })],
    [
      "a condition's values",
      policy({ Condition: { Bool: { k: false } } }),
      policy({ Condition: { Bool: { k: ["false"] } } }),
    ],
    [
      "the order of a condition's values",
      policy({ Condition: { StringEquals: { k: ["a", "b"] } } }),
      policy({ Condition: { StringEquals: { k: ["b", "a"] } } }),
    ],
    ["JSON in a text", { Body: '{"widgets":[{"a":1}]}' }, { Body: '{ "widgets": [ {"a": 1} ] }' }],
    [
      "JSON in a text and as it is",
      { RedrivePolicy: '{"maxReceiveCount":5}' },
      { RedrivePolicy: { maxReceiveCount: 5 } },
    ],
  ])("%s", (_, left, right) => {
    expect(differ(left, right)).toEqual([]);
  });

  it("metadata, and the resource by which CDK counts its use", () => {
    const left = {
      A: { Type: "AWS::A::B", Metadata: { "aws:cdk:path": "p" } },
      CDKMetadata: { Type: "AWS::CDK::Metadata" },
    };
    expect(compare(of(left), of({ A: { Type: "AWS::A::B" } }))).toEqual([]);
  });
});

describe("what is not the same is one difference, at its place", () => {
  const statement = "Properties.Policies[0].PolicyDocument.Statement[0]";
  const more = { ...allow, Action: ["sqs:GetQueueUrl", "sqs:PurgeQueue", "sqs:SendMessage"] };
  const deny = { Effect: "Deny" };
  it.each<[string, Section, Section, Omit<Difference, "resource">]>([
    ["a value", { a: { b: 1 } }, { a: { b: 2 } }, { path: "Properties.a.b", left: "1", right: "2" }],
    ["a property that one has", { a: 1 }, {}, { path: "Properties.a", left: "1", right: undefined }],
    ["the order of a list", { l: [1, 2] }, { l: [1, 3] }, { path: "Properties.l[1]", left: "2", right: "3" }],
    ["the length of a list", { l: [1, 2] }, { l: [1] }, { path: "Properties.l", left: ["1", "2"], right: ["1"] }],
    [
      ...(["an action more", policy(allow), policy(more)] as const),
      { path: `${statement}.Action[2]`, left: undefined, right: "sqs:PurgeQueue" },
    ],
    [
      ...(["an action other", policy(allow), policy({ ...allow, Action: ["sqs:*", "sqs:GetQueueUrl"] })] as const),
      { path: `${statement}.Action[1]`, left: "sqs:SendMessage", right: "sqs:*" },
    ],
    [
      ...(["one effect of two", policy(allow, deny), policy({ ...allow, ...deny }, deny)] as const),
      { path: `${statement}.Effect`, left: "Allow", right: "Deny" },
    ],
    [
      ...(["one value of a condition", policy({ Condition: { StringEquals: { k: ["a", "b"] } } })] as const),
      ...([policy({ Condition: { StringEquals: { k: ["b"] } } })] as const),
      { path: `${statement}.Condition.StringEquals.k[0]`, left: "a", right: undefined },
    ],
    [
      ...(["a Sub that was forgotten", { a: "${Queue}" }, { a: "${!Queue}" }] as const),
      { path: "Properties.a", left: "${Queue}", right: "${!Queue}" },
    ],
    ["inside JSON in a text", { B: '{"a":1}' }, { B: '{"a":2}' }, { path: "Properties.B.a", left: "1", right: "2" }],
  ])("%s", (_, left, right, difference) => {
    expect(differ(left, right)).toEqual([{ resource: "A", ...difference }]);
  });

  it("of each of two statements, whichever comes first", () => {
    const [one, other] = [allow, { ...allow, Effect: "Deny", Resource: "*" }];
    const changed = policy(
      { ...other, Effect: "Allow", NotResource: "a" },
      { ...one, Action: ["sqs:GetQueueUrl", "sqs:Z"] },
    );
    const paths = differ(policy(one, other), changed).map(({ path }) => path.replace(/.*(?=Statement)/, ""));
    expect(paths.sort()).toEqual(["Statement[0].Action[1]", "Statement[1].Effect", "Statement[1].NotResource"]);
  });

  it("of the statement that is gone, not of its like that stands there in another order", () => {
    const only = (values: readonly string[]): Section => ({ Condition: { StringEquals: { k: values } } });
    const found = differ(
      policy({ ...allow, ...only(["a", "b"]) }, { ...allow, ...deny, ...only(["a", "b"]) }),
      policy({ ...allow, ...deny, ...only(["b", "a"]) }),
    );
    expect(found).toMatchObject([{ path: statement, left: { Effect: "Allow" }, right: undefined }]);
  });

  it("beside the properties too", () => {
    const [left, right] = [withProperties({}, { DeletionPolicy: "Retain", DependsOn: ["B"] }), withProperties({})];
    expect(compare(left, right).map(({ path }) => path)).toEqual(["DeletionPolicy", "DependsOn"]);
  });

  it("a resource that one side has, or has as another type", () => {
    const [one, other] = [{ Type: "AWS::A::B" }, { Type: "AWS::A::C" }];
    expect(compare(of({ A: one, B: one }), of({ B: other, C: one }))).toEqual([
      { resource: "A", path: "", left: "AWS::A::B", right: undefined },
      { resource: "B", path: "Type", left: "AWS::A::B", right: "AWS::A::C" },
      { resource: "C", path: "", left: undefined, right: "AWS::A::B" },
    ]);
  });
});

describe("names", () => {
  it("are those of the right side wherever a resource is named, and not in parts of a name", () => {
    const left = of({
      Queue1A: { Type: "Q" },
      Queue: {
        Type: "Q",
        DependsOn: ["Queue1A"],
        Properties: { a: "x${Queue1A.Arn}${Queue1A}${Queue}${!Queue1A}", b: "Queue1A" },
      },
    });
    const right = of({
      Letters: { Type: "Q" },
      Queue: {
        Type: "Q",
        DependsOn: ["Letters"],
        Properties: { a: "x${Letters.Arn}${Letters}${Queue}${!Queue1A}", b: "Queue1A" },
      },
    });
    expect(compare(left, right, { Queue1A: "Letters" })).toEqual([]);
  });

  it("that would be those of two are an error", () => {
    expect(() => compare(of({ A: { Type: "Q" }, B: { Type: "Q" } }), of({}), { A: "B" })).toThrow(
      "two resources would be named B",
    );
  });

  it("of what CDK made are the paths inside of the construct", () => {
    const at = (path: string): Resource => ({ Type: "AWS::A::B", Metadata: { "aws:cdk:path": path } });
    const Resources = {
      Trail1: at("Stack/Crosstrail/Detect/Role/Resource"),
      Trail2: at("Stack/Crosstrail/Key/Default"),
      Trail3: at("Stack/Crosstrail/on-failure/Queue"),
      CDKMetadata: { Type: "AWS::CDK::Metadata" },
    };
    expect(namesIn({ Resources }, "Stack/Crosstrail")).toEqual({
      Trail1: "DetectRole",
      Trail2: "Key",
      Trail3: "onfailureQueue",
    });
    expect(() => namesIn({ Resources: { A: { Type: "AWS::A::B" } } }, "Stack")).toThrow("A has no aws:cdk:path");
    expect(() => namesIn({ Resources: { A: at("Stack/Cross/A") } }, "Stack/Crosstrail")).toThrow(
      "outside of Stack/Crosstrail",
    );
  });
});

it("what is allowed has to be there, and allows whole paths of whole names only", () => {
  const found = differ({ Code: 1, Coded: 2, Name: 3 }, {});
  const reason = "for a reason";
  const { rest, unused } = disallowed(found, [
    { resource: "A|B", path: "Properties\\.Code", reason },
    { resource: "A", path: "Properties", reason },
    { resource: "", path: ".*", reason },
  ]);
  expect(rest.map(({ path }) => path)).toEqual(["Properties.Coded", "Properties.Name"]);
  expect(unused).toHaveLength(2);
});

describe("any template", () => {
  const ids = ["Alpha", "AlphaQueue", "B1", "Detect"];
  const reference = fc
    .constantFrom(...ids)
    .chain((id) =>
      fc.constantFrom<Json>(
        { Ref: id },
        { "Fn::GetAtt": [id, "Arn"] },
        { "Fn::Sub": `arn:\${AWS::Region}:\${${id}.Arn}/*` },
        { "Fn::Join": ["-", ["x", { Ref: id }]] },
        { "Fn::Select": [1, { "Fn::Split": ["/", { "Fn::GetAtt": `${id}.Url` }] }] },
        { "Fn::If": ["Always", { Ref: id }, { Ref: "AWS::NoValue" }] },
      ),
    );
  const leaf = fc.oneof(fc.constantFrom<Json>("a", "b", "${c}", 1, 0, true, null, '{"w":[1,"x"]}', ""), reference);
  const texts = fc.oneof(leaf, fc.array(leaf, { minLength: 1, maxLength: 3 }));
  const statement = fc.record<Record<string, Json>>(
    {
      Effect: fc.constantFrom("Allow", "Deny"),
      Principal: fc.oneof(fc.constant("*"), fc.record({ Service: texts })),
      Action: texts,
      Resource: texts,
      Condition: fc.record({ StringEquals: fc.record({ k: texts }) }),
    },
    { requiredKeys: ["Effect"] },
  );
  const properties = fc.dictionary(
    fc.constantFrom("Name", "Body", "Tags", "List", "PolicyDocument"),
    fc.oneof(
      texts,
      fc.record({ Statement: fc.oneof(statement, fc.array(statement, { minLength: 1, maxLength: 3 })) }),
      fc.record({ a: leaf, b: texts }),
    ),
  );
  const body: fc.Arbitrary<Resource> = fc.record(
    {
      Type: fc.constantFrom("AWS::A::B", "AWS::A::C"),
      Properties: properties,
      DependsOn: fc.constantFrom(...ids),
      DeletionPolicy: fc.constant("Retain"),
    },
    { requiredKeys: ["Type", "Properties"] },
  );
  const templates = fc.record({
    Resources: fc.record(Object.fromEntries(ids.map((id) => [id, body]))) as fc.Arbitrary<Record<string, Resource>>,
    Conditions: fc.constant({ Always: { "Fn::Equals": [1, "1"] } }),
  });
  const names = { Alpha: "Zeta", AlphaQueue: "Alpha", B1: "B1Queue" };
  const renamedText = (text: string): string =>
    text.replace(/(?<![A-Za-z])(AlphaQueue|Alpha|B1)(?=["}.])/g, (id) => names[id as keyof typeof names]);

  it("equals itself under other names", () => {
    fc.assert(
      fc.property(templates, (template) => {
        const other = JSON.parse(renamedText(JSON.stringify(template)));
        expect(compare(evaluate(template), evaluate(other), names)).toEqual([]);
      }),
    );
  });

  it("differs from itself in the one leaf that was changed", () => {
    fc.assert(
      fc.property(templates, fc.nat(), (template, nth) => {
        const evaluated = evaluate(template);
        const paths = leaves(evaluated.resources as Json);
        const path = paths[nth % paths.length] ?? [];
        const changed = {
          ...evaluated,
          resources: changedAt(evaluated.resources as Json, path) as Evaluated["resources"],
        };
        const found = compare(evaluated, changed);
        expect(found).toHaveLength(1);
        expect(found[0]?.resource).toBe(path[0]);
        expect(JSON.stringify(found[0]?.right)).toContain("changed");
      }),
    );
  });

  const leaves = (value: Json, path: readonly string[] = []): (readonly string[])[] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]))
      : [path];
  function changedAt(value: Json, [key, ...rest]: readonly string[]): Json {
    if (key === undefined) return "changed";
    if (Array.isArray(value)) return value.map((item, at) => (String(at) === key ? changedAt(item, rest) : item));
    if (!isSection(value)) throw new Error("the path leads nowhere");
    return { ...value, [key]: changedAt(value[key] ?? null, rest) };
  }
});
