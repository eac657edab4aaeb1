import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../folders.ts";
import { named } from "./intrinsics.ts";
import { samTemplate } from "./template.ts";
import { yaml } from "./yaml.ts";

const template = readFileSync(join(root, "infra/sam/template.yaml"), "utf8");

describe("the generated parts of the SAM template", () => {
  it("are up to date", () => {
    expect(samTemplate(template)).toBe(template);
  });

  it.each([
    ["a number", "BatchSize: 1000", "BatchSize: 999"],
    ["a right", "kinesis:GetRecords", "kinesis:*"],
    ["a line that is too many", "    Handler: index.handler\n", "    Handler: index.handler\n    Timeout: 900\n"],
  ])("are renewed when somebody changes %s in one", (_, was, is) => {
    expect(template).toContain(was);
    expect(samTemplate(template.replace(was, is))).toBe(template);
  });

  it("leave alone what is written by hand", () => {
    const changed = template.replace("maxReceiveCount: 1000", "maxReceiveCount: 5");
    expect(changed).not.toBe(template);
    expect(samTemplate(changed)).toBe(changed);
  });

  it("need a place, an end and a name that is known", () => {
    const mark = "# generated: outputs (npm run generate)";
    expect(() => samTemplate(template.replace(mark, ""))).toThrow(/no place for outputs/);
    expect(() => samTemplate(template.replace(mark, mark.replace("outputs", "output")))).toThrow(
      /"# generated: output /,
    );
    expect(() => samTemplate(template.replaceAll("  # end", ""))).toThrow(/has no end/);
  });
});

describe("names in the data", () => {
  it.each([
    ["${Queue}", "!Ref Queue\n"],
    ["${Queue.Arn}", "!GetAtt Queue.Arn\n"],
    ["${Queue.Arn}/kept/*", "!Sub ${Queue.Arn}/kept/*\n"],
    ["${EncryptionKey}", "!If [OwnKey, !GetAtt Key.Arn, !Ref KeyArn]\n"],
    [
      "of ${AlarmTopic}",
      '!Sub ["of ${AlarmTopic}", {AlarmTopic: !If [OwnAlarmTopic, !Ref AlarmTopic, !Ref AlarmTopicArn]}]\n',
    ],
    ["no name", "no name\n"],
  ])("%s becomes what CloudFormation reads", (text, written) => {
    expect(yaml(named(text))).toBe(written);
  });

  it("are quoted where YAML 1.1, which CloudFormation reads, would take texts for something else", () => {
    expect(yaml({ a: "on", b: "no", c: "2012-10-17", d: "1e3", e: "text" })).toBe(
      'a: "on"\nb: "no"\nc: "2012-10-17"\nd: "1e3"\ne: text\n',
    );
  });
});
