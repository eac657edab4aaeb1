import { describe, expect, it } from "vitest";
import { clientOf, serviceError } from "../../test/support/aws.ts";
import { alarmsVerdict } from "./alarms.ts";
import { commandsFor } from "./command.ts";
import { functionVerdict, mappingsVerdict } from "./functions.ts";
import { grantsOf, keyVerdict } from "./key.ts";
import { quarantineVerdict } from "./quarantine.ts";
import { emptyVerdict, outboxVerdict } from "./queues.ts";
import { openStack, stackVerdict } from "./stack.ts";
import { topicVerdict } from "./topic.ts";

const command = commandsFor({ region: "eu-central-1" });

describe("a stack", () => {
  it.each([
    ["CREATE_COMPLETE", "ok"],
    ["UPDATE_COMPLETE", "ok"],
    ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "ok"],
    ["UPDATE_IN_PROGRESS", "ok"],
    ["UPDATE_ROLLBACK_COMPLETE", "missing"],
    ["ROLLBACK_COMPLETE", "missing"],
    ["UPDATE_ROLLBACK_FAILED", "missing"],
    ["DELETE_COMPLETE", "missing"],
    [undefined, "missing"],
  ])("of status %s is %s", (status, outcome) => {
    expect(stackVerdict("crosstrail", command, { status }).outcome).toBe(outcome);
  });

  it("whose update was taken back stands as before it, and says why", () => {
    const verdict = stackVerdict("crosstrail", command, { status: "UPDATE_ROLLBACK_COMPLETE", reason: "no quota" });
    expect(verdict).toMatchObject({
      says: "The last update was taken back; the version before it is in place (no quota).",
      mend: [expect.stringContaining("describe-stack-events --stack-name crosstrail")],
    });
  });

  it("that is not there ends the command", async () => {
    const { client } = clientOf<Parameters<typeof openStack>[0]>({
      DescribeStacksCommand() {
        throw serviceError("ValidationError", "Stack with id nobody does not exist");
      },
    });
    await expect(openStack(client, "nobody")).rejects.toMatchObject({
      code: "E_AWS_REFUSED",
      message: expect.stringContaining("there is no stack nobody"),
    });
  });
});

describe("a function", () => {
  it.each<[string, Parameters<typeof functionVerdict>[0], string]>([
    ["active", { State: "Active", LastUpdateStatus: "Successful" }, "ok"],
    ["idle for weeks", { State: "Inactive" }, "ok"],
    ["failed", { State: "Failed", StateReason: "the key is disabled" }, "missing"],
    ["active, but not as it was updated last", { State: "Active", LastUpdateStatus: "Failed" }, "missing"],
    ["gone", undefined, "missing"],
  ])("that is %s", (_, found, outcome) => {
    expect(functionVerdict(found, "detect").outcome).toBe(outcome);
  });
});

describe("what feeds a function", () => {
  const STREAM = "arn:aws:kinesis:eu-central-1:111122223333:stream/crosstrail";
  const queue = "https://sqs.eu-central-1.amazonaws.com/111122223333/crosstrail-hub";
  const ofQueue = "arn:aws:sqs:eu-central-1:111122223333:crosstrail-hub";
  const judged = (...mappings: Parameters<typeof mappingsVerdict>[0]) =>
    mappingsVerdict(mappings, [STREAM], { name: "crosstrail-detect", logs: "aws logs tail detect", command });
  const mapping = { UUID: "0-1", EventSourceArn: STREAM, State: "Enabled", LastProcessingResult: "OK" };

  it.each<[string, object, string]>([
    ["enabled and well", {}, "ok"],
    ["enabled, and nothing has come yet", { LastProcessingResult: "No records processed" }, "ok"],
    ["being enabled", { State: "Enabling" }, "ok"],
    ["disabled, although its last result was fine", { State: "Disabled" }, "missing"],
    ["being disabled", { State: "Disabling" }, "missing"],
    ["enabled, and every call fails", { LastProcessingResult: "PROBLEM: Function call failed" }, "missing"],
    ["to another stream", { EventSourceArn: `${STREAM}-old` }, "missing"],
    [
      "to a stream of the same name elsewhere",
      { EventSourceArn: STREAM.replace("eu-central-1", "eu-west-1") },
      "missing",
    ],
    ["to a consumer of the stream", { EventSourceArn: `${STREAM}/consumer/crosstrail:1763805600` }, "ok"],
  ])("by a mapping that is %s", (_, more, outcome) => {
    expect(judged({ ...mapping, ...more }).outcome).toBe(outcome);
  });

  it("is nothing without a mapping", () => {
    expect(judged()).toMatchObject({
      outcome: "missing",
      says: expect.stringContaining("crosstrail does not feed it"),
    });
  });

  it("is mended by what the trouble is", () => {
    expect(judged({ ...mapping, State: "Disabled" }).mend?.[0]).toContain(
      "update-event-source-mapping --uuid 0-1 --enabled",
    );
    const failing = { ...mapping, LastProcessingResult: "PROBLEM: Function call failed" };
    expect(judged(failing).mend?.[0]).toBe("aws logs tail detect");
  });

  it("may be queues, of which mappings tell the ARN, outputs the URL, and nobody a result", () => {
    const { EventSourceArn: _, LastProcessingResult: __, ...rest } = mapping;
    const all = mappingsVerdict([{ ...rest, EventSourceArn: ofQueue }], [queue], {
      name: "publish",
      logs: "",
      command,
    });
    expect(all.outcome).toBe("ok");
  });

  it("tells of every trouble at once", () => {
    const both = mappingsVerdict([{ ...mapping, State: "Disabled" }], [STREAM, queue], {
      name: "publish",
      logs: "",
      command,
    });
    expect(both.says).toMatch(/Disabled; crosstrail-hub does not feed it/);
  });
});

describe("queues", () => {
  it("of what did not get out are to be empty", () => {
    const end = { url: "https://sqs/refused", what: "findings", command };
    expect(emptyVerdict(0, end).outcome).toBe("ok");
    expect(emptyVerdict(1, end)).toMatchObject({
      outcome: "missing",
      mend: [expect.stringContaining("receive-message")],
    });
  });

  it.each<[number, number | undefined, string]>([
    [0, undefined, "ok"],
    [5, 60_000, "ok"],
    [5, 14 * 60_000, "ok"],
    [5, 16 * 60_000, "missing"],
    [5, undefined, "unknown"],
  ])("of what is to go out, with %s messages, the oldest %s ms old", (waiting, age, outcome) => {
    expect(outboxVerdict(waiting, age, "aws logs tail publish").outcome).toBe(outcome);
  });
});

describe("what else a stack has", () => {
  it("is a quarantine that is to be empty", () => {
    expect(quarantineVerdict(0, { bucket: "b", more: false }).outcome).toBe("ok");
    expect(quarantineVerdict(1_000, { bucket: "b", more: true })).toMatchObject({
      outcome: "missing",
      says: "More than 1000 objects hold records that could not be judged.",
      mend: ["crosstrail redrive --bucket b --dry-run", "crosstrail redrive --bucket b"],
    });
  });

  it("is a topic that somebody has to have confirmed", () => {
    const subscription = (SubscriptionArn: string) => ({
      SubscriptionArn,
      Protocol: "email",
      Endpoint: "soc@example.com",
    });
    const judged = (...arns: readonly string[]) => topicVerdict(arns.map(subscription), "t", command).outcome;
    expect(judged("arn:aws:sns:eu-central-1:111122223333:t:1")).toBe("ok");
    expect(judged()).toBe("missing");
    expect(judged("Deleted")).toBe("missing");
    expect(judged("arn:aws:sns:eu-central-1:111122223333:t:1", "PendingConfirmation")).toBe("missing");
  });

  it("is alarms that are to be silent", () => {
    const alarm = (StateValue: "OK" | "ALARM" | "INSUFFICIENT_DATA") => ({
      AlarmName: `crosstrail-${StateValue}`,
      StateValue,
    });
    expect(alarmsVerdict([alarm("OK"), alarm("INSUFFICIENT_DATA")], "crosstrail", command).outcome).toBe("ok");
    expect(alarmsVerdict([alarm("OK"), alarm("ALARM")], "crosstrail", command)).toMatchObject({
      outcome: "missing",
      says: "1 of 2 ring: crosstrail-ALARM.",
    });
    expect(alarmsVerdict([], "crosstrail", command).outcome).toBe("not applicable");
  });
});

describe("the policy of a key that was brought along", () => {
  const judged = (...Statement: readonly object[]) =>
    keyVerdict(JSON.stringify({ Statement }), { key: "k", grants: grantsOf("eu-central-1", "111122223333"), command });
  const LOGS = "logs.eu-central-1.amazonaws.com";
  const ALARMS = "cloudwatch.amazonaws.com";
  const RULES = "events.amazonaws.com";
  const allow = (Service: string | readonly string[]) => ({ Effect: "Allow", Principal: { Service } });
  it.each<[string, readonly object[], string]>([
    ["all services in one statement", [allow([LOGS, ALARMS, RULES])], "ok"],
    ["each in its own", [allow(LOGS), allow(ALARMS), allow(RULES)], "ok"],
    ["everybody", [{ Effect: "Allow", Principal: "*" }], "ok"],
    ["one of them only", [allow(LOGS)], "missing"],
    ["the logs of another Region", [allow(["logs.us-east-1.amazonaws.com", ALARMS, RULES])], "missing"],
    ["them in what is denied", [{ ...allow([LOGS, ALARMS, RULES]), Effect: "Deny" }], "missing"],
    ["the account alone", [{ Effect: "Allow", Principal: { AWS: "arn:aws:iam::111122223333:root" } }], "missing"],
  ])("names %s", (_, statements, outcome) => {
    expect(judged(...statements).outcome).toBe(outcome);
  });

  it("is mended by a statement of what is lacking", () => {
    const [statement = "", next] = judged(allow([LOGS, RULES])).mend ?? [];
    expect(JSON.parse(statement)).toMatchObject({
      Principal: { Service: ALARMS },
      Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
    });
    expect(next).toContain("put-key-policy");
  });
});
