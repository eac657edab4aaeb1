import { describe, expect, it } from "vitest";
import { evaluate, type Values } from "./evaluate.ts";
import { plain } from "./plain.ts";
import type { Json, Template } from "./template.ts";

const queue = { Type: "AWS::SQS::Queue" };
/** What a property becomes. */
function made(value: Json, values: Values = {}, rest: Partial<Template> = {}): Json | undefined {
  const reader = { Type: "AWS::A::B", Properties: { Value: value } };
  return evaluate({ Resources: { Queue: queue, Made: reader }, ...rest }, values).resources.Made?.Properties?.Value;
}

describe("a reference", () => {
  it.each<[string, Json, Json]>([
    ["to a resource", { Ref: "Queue" }, "${Queue}"],
    ["to an attribute", { "Fn::GetAtt": ["Queue", "Arn"] }, "${Queue.Arn}"],
    ["to an attribute, in one text", { "Fn::GetAtt": "Queue.Arn" }, "${Queue.Arn}"],
    ["to an attribute of an attribute", { "Fn::GetAtt": ["Queue", "A.B"] }, "${Queue.A.B}"],
    ["to a pseudo parameter", { Ref: "AWS::Region" }, "${AWS::Region}"],
    ["in a Sub", { "Fn::Sub": "a-${Queue}-${Queue.Arn}-${AWS::Region}" }, "a-${Queue}-${Queue.Arn}-${AWS::Region}"],
    ["of a Sub's own", { "Fn::Sub": ["a-${Own}", { Own: { Ref: "Queue" } }] }, "a-${Queue}"],
    [
      "in a Join",
      { "Fn::Join": ["", ["a-", { "Fn::GetAtt": ["Queue", "Arn"] }, { Ref: "AWS::NoValue" }]] },
      "a-${Queue.Arn}",
    ],
  ])("%s becomes a text", (_, value, text) => {
    expect(made(value)).toBe(text);
  });

  it("that was not written as one stays apart from one", () => {
    expect(made("${Queue}")).toBe("${!Queue}");
    expect(made({ "Fn::Sub": "${!Queue}" })).toBe("${!Queue}");
    expect(made({ "Fn::Join": ["", ["${", "Queue}"]] })).toBe("${!Queue}");
  });

  it("to a pseudo parameter may have a value", () => {
    const values = { pseudo: { "AWS::Region": "eu-central-1" } };
    expect(made({ "Fn::Sub": "a-${AWS::Region}" }, values)).toBe("a-eu-central-1");
  });

  it.each<[string, Json]>([
    ["Ref", { Ref: "Nothing" }],
    ["GetAtt", { "Fn::GetAtt": ["Nothing", "Arn"] }],
    ["Sub", { "Fn::Sub": "${Nothing.Arn}" }],
  ])("to nothing is an error: %s", (_, value) => {
    expect(() => made(value)).toThrow(/^Nothing.* is named, and is not made$/);
  });

  it("to what a condition leaves out is an error, unless it is left out too", () => {
    const rest = { Conditions: { Never: { "Fn::Equals": ["a", "b"] } } };
    const Resources = { Queue: { ...queue, Condition: "Never" } };
    const reader = (value: Json) =>
      evaluate({ ...rest, Resources: { ...Resources, R: { ...queue, Properties: { value } } } });
    expect(() => reader({ Ref: "Queue" })).toThrow("Queue is named, and is not made");
    expect(reader({ "Fn::If": ["Never", { Ref: "Queue" }, 1] }).resources).toEqual({
      R: { ...queue, Properties: { value: 1 } },
    });
  });
});

describe("a parameter", () => {
  const Parameters = {
    Text: { Type: "String", Default: "by default" },
    Count: { Type: "Number", Default: "5" },
    List: { Type: "CommaDelimitedList", Default: "a, b" },
    Subnets: { Type: "List<AWS::EC2::Subnet::Id>", Default: "" },
    Needed: { Type: "String" },
  };
  it("has its default, or the value that is given", () => {
    expect(made({ Ref: "Text" }, {}, { Parameters })).toBe("by default");
    expect(made({ Ref: "Text" }, { parameters: { Text: "given" } }, { Parameters })).toBe("given");
    expect(made({ "Fn::Sub": "${Text}, ${Count}" }, {}, { Parameters })).toBe("by default, 5");
  });

  it("is of its type", () => {
    expect(made({ Ref: "Count" }, {}, { Parameters })).toBe(5);
    expect(made({ Ref: "List" }, {}, { Parameters })).toEqual(["a", "b"]);
    expect(made({ Ref: "Subnets" }, {}, { Parameters })).toEqual([]);
    expect(made({ "Fn::Join": ["+", { Ref: "List" }] }, {}, { Parameters })).toBe("a+b");
  });

  it("without a value is an error where it is read, and a value without parameter always", () => {
    expect(() => made({ Ref: "Needed" }, {}, { Parameters })).toThrow(
      "parameter Needed has neither a value nor a default",
    );
    expect(() => made(1, { parameters: { Txet: "a" } }, { Parameters })).toThrow("the template has no parameter Txet");
  });
});

describe("a condition", () => {
  const Parameters = { Key: { Type: "String", Default: "" }, Size: { Type: "Number", Default: 2 } };
  const Mappings = { Sizes: { small: { limit: "2" } } };
  const no = { "Fn::Equals": ["a", "b"] };
  const yes = { "Fn::Equals": ["a", "a"] };
  it.each<[string, Json, boolean]>([
    ["Equals, of a parameter", { "Fn::Equals": [{ Ref: "Key" }, ""] }, true],
    ["Equals, of a number and its text", { "Fn::Equals": [{ Ref: "Size" }, "2"] }, true],
    ["Equals, of what differs", { "Fn::Equals": [{ Ref: "Key" }, "x"] }, false],
    ["Not", { "Fn::Not": [yes] }, false],
    ["And", { "Fn::And": [yes, no] }, false],
    ["And, of what holds", { "Fn::And": [yes, yes] }, true],
    ["Or", { "Fn::Or": [no, yes] }, true],
    ["Or, of what does not", { "Fn::Or": [no, no] }, false],
    ["Condition", { "Fn::Not": [{ Condition: "Other" }] }, true],
    [
      "Select, Split, Join",
      { "Fn::Equals": [{ "Fn::Select": [1, { "Fn::Split": [":", { "Fn::Join": [":", ["a", "b"]] }] }] }, "b"] },
      true,
    ],
    ["Sub", { "Fn::Equals": [{ "Fn::Sub": "a${Key}" }, "a"] }, true],
    ["FindInMap", { "Fn::Equals": [{ "Fn::FindInMap": ["Sizes", "small", "limit"] }, { Ref: "Size" }] }, true],
  ])("%s", (_, condition, holds) => {
    const Conditions = { Asked: condition, Other: no };
    expect(made({ "Fn::If": ["Asked", true, false] }, {}, { Parameters, Mappings, Conditions })).toBe(holds);
  });

  it("decides over resources, outputs, properties and items of lists", () => {
    const Resources = {
      Queue: { ...queue, Condition: "Never" },
      Other: {
        ...queue,
        Condition: "Always",
        DependsOn: ["Queue", "Third"],
        Properties: {
          Name: { "Fn::If": ["Never", "a", { Ref: "AWS::NoValue" }] },
          List: [{ "Fn::If": ["Always", 1, 2] }, { Ref: "AWS::NoValue" }],
        },
      },
      Third: { ...queue, DependsOn: "Queue" },
    };
    const Outputs = { Gone: { Condition: "Never", Value: 1 }, Stays: { Condition: "Always", Value: { Ref: "Other" } } };
    expect(evaluate({ Resources, Outputs, Conditions: { Never: no, Always: yes } })).toEqual({
      resources: { Other: { ...queue, DependsOn: ["Third"], Properties: { List: [1] } }, Third: queue },
      outputs: { Stays: { Value: "${Other}" } },
    });
  });

  it("that is no condition is told from one: policies have a Condition too", () => {
    const statement = { Condition: { Bool: { "aws:SecureTransport": "false" } } };
    expect(made({ Statement: [statement] })).toEqual({ Statement: [statement] });
  });

  it("is an error when it is not there, rests on itself, asks for what nobody knows, or is none", () => {
    const asked = (condition: Json) => () => made({ "Fn::If": ["A", 1, 2] }, {}, { Conditions: { A: condition } });
    expect(() => made({ "Fn::If": ["B", 1, 2] })).toThrow("there is no condition B");
    expect(asked({ "Fn::Not": [{ Condition: "A" }] })).toThrow("condition A depends on itself");
    expect(asked({ "Fn::Equals": [{ Ref: "AWS::Region" }, "eu-central-1"] })).toThrow("asks for ${AWS::Region}");
    expect(asked({ "Fn::Odd": [] })).toThrow("is no condition");
  });
});

describe("a function", () => {
  it("of what is known is computed", () => {
    const parts = { "Fn::Split": [":", "a:b:c"] };
    expect(made(parts)).toEqual(["a", "b", "c"]);
    expect(made({ "Fn::Select": ["2", parts] })).toBe("c");
    expect(() => made({ "Fn::Select": [3, parts] })).toThrow("Fn::Select");
    const Mappings = { M: { "eu-central-1": { k: ["x"] } } };
    const values = { pseudo: { "AWS::Region": "eu-central-1" } };
    expect(made({ "Fn::FindInMap": ["M", { Ref: "AWS::Region" }, "k"] }, values, { Mappings })).toEqual(["x"]);
    expect(() => made({ "Fn::FindInMap": ["M", "mars", "k"] }, values, { Mappings })).toThrow("M, mars, k");
  });

  it("of what only a deployment knows stays, and says of what", () => {
    const account = (name: string): Json => ({
      "Fn::Select": [4, { "Fn::Split": [":", { "Fn::GetAtt": [name, "Arn"] }] }],
    });
    const [one, other] = [made(account("Queue")), made(account("Made"))];
    expect(one).toContain("Queue.Arn");
    expect(other).not.toBe(one);
    expect(made({ "Fn::Sub": ["x${A}", { A: account("Queue") }] })).toBe(`x${one}`);
  });

  it("that a plain template cannot have is an error", () => {
    expect(() => made({ "Fn::ForEach": [] })).toThrow("Fn::ForEach is no function of a plain template");
    expect(() => made({ "Fn::Transform": {} })).toThrow("Fn::Transform is no function of a plain template");
  });
});

it("an evaluated template is written as a template again, which evaluates to the same", () => {
  const Parameters = { Name: { Type: "String", Default: "n" } };
  const Properties = {
    Ref: { Ref: "Queue" },
    Attribute: { "Fn::GetAtt": ["Queue", "Arn"] },
    Text: { "Fn::Join": ["/", [{ Ref: "Name" }, { Ref: "AWS::Region" }, { Ref: "Queue" }]] },
    Policy: "${aws:username}",
    List: [1, true, { Ref: "AWS::AccountId" }],
  };
  const evaluated = evaluate({ Parameters, Resources: { Queue: queue, Made: { Type: "AWS::A::B", Properties } } });
  const again = plain(evaluated);
  expect(again.Resources.Made?.Properties).toEqual({
    ...Properties,
    Text: { "Fn::Sub": "n/${AWS::Region}/${Queue}" },
  });
  expect(evaluate(again)).toEqual(evaluated);
});
