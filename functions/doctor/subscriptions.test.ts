import { describe, expect, it } from "vitest";
import { isAuditEvent, isCloudTrailRecord } from "../../schemas/validators.generated.js";
import { commandsFor } from "./command.ts";
import { auditSamples, callSamples } from "./samples.ts";
import { filterOf, patternVerdict, type Subscribed, subscriptionVerdict } from "./subscriptions.ts";

const command = commandsFor({ region: "eu-central-1" });
const STREAM = "arn:aws:kinesis:eu-central-1:111122223333:stream/crosstrail";
const DESTINATION = "arn:aws:logs:eu-central-1:111122223333:destination:crosstrail";
const group = "/aws/eks/prod/cluster";
const filter = (filterName: string, destinationArn: string, filterPattern = "") => ({
  filterName,
  destinationArn,
  filterPattern,
});
const foreign = ["splunk", "siem"].map((name) =>
  filter(name, `arn:aws:lambda:eu-central-1:111122223333:function:${name}`),
);
const policy = (selectionCriteria?: string) => ({
  policyName: "all-logs",
  policyDocument: JSON.stringify({
    DestinationArn: STREAM,
    FilterPattern: "",
    RoleArn: "arn:aws:iam::111122223333:role/logs",
  }),
  ...(selectionCriteria && { selectionCriteria }),
});
const judged = (subscribed: Partial<Subscribed>, ours: readonly string[] | undefined = [DESTINATION, STREAM]) =>
  subscriptionVerdict(
    { filters: [], policies: [], ...subscribed },
    { group, ours, pattern: '"audit.k8s.io"', command },
  );

describe("the subscription of a log group", () => {
  it("is in place with a filter to the stream or to the destination, whatever else there is", () => {
    expect(judged({ filters: [filter("ct", STREAM)] }).outcome).toBe("ok");
    expect(judged({ filters: [...foreign.slice(1), filter("ct", DESTINATION)] }).outcome).toBe("ok");
  });

  it("is not in place with a filter to a stream of almost the same name", () => {
    expect(judged({ filters: [filter("crosstrail", `${STREAM}-old`)] }).outcome).toBe("missing");
  });

  it("is in place with a policy of the account, which counts apart from two foreign filters", () => {
    expect(judged({ filters: foreign, policies: [policy()] })).toMatchObject({
      outcome: "ok",
      says: expect.stringContaining("policy all-logs"),
    });
  });

  it("is not in place with a policy that leaves the log group out", () => {
    expect(judged({ policies: [policy(`LogGroupName NOT IN ["/other", "${group}"]`)] }).outcome).toBe("missing");
    expect(judged({ policies: [policy(`LogGroupName NOT IN ["${group}-2"]`)] }).outcome).toBe("ok");
  });

  it("cannot be added where both places are taken, and no command throws out what is another's", () => {
    const verdict = judged({ filters: foreign });
    expect(verdict).toMatchObject({ outcome: "missing", says: expect.stringMatching(/splunk.*siem/) });
    expect(verdict.mend?.join()).not.toContain("delete");
  });

  it("is added where one place is taken: to the destination, which needs no role, or to the stream with one", () => {
    const [toDestination = ""] = judged({ filters: foreign.slice(1) }).mend ?? [];
    expect(toDestination).toContain(
      `put-subscription-filter --log-group-name ${group} --filter-name crosstrail --filter-pattern '"audit.k8s.io"' --destination-arn ${DESTINATION}`,
    );
    expect(toDestination).not.toContain("--role-arn");
    expect(judged({}, [STREAM]).mend?.[0]).toContain("--role-arn");
  });

  it("is missing where there is no log group", () => {
    expect(judged({ filters: undefined }).outcome).toBe("missing");
  });

  it("needs a place, as long as there is no stack", () => {
    const outcomeOf = (filters: typeof foreign) =>
      subscriptionVerdict({ filters, policies: [] }, { group, ours: undefined, pattern: "", command }).outcome;
    expect([outcomeOf([]), outcomeOf(foreign.slice(1)), outcomeOf(foreign)]).toEqual(["ok", "ok", "missing"]);
  });

  it("is no matter of a policy whose document nobody can read", () => {
    expect(judged({ policies: [{ policyName: "odd", policyDocument: "{" }, {}] }).outcome).toBe("missing");
  });
});

describe("the pattern of a filter", () => {
  const known = (found: Partial<Subscribed>) => filterOf({ filters: [], policies: [], ...found }, group, [STREAM]);
  const one = known({ filters: [filter("ct", STREAM, "{ $.verb != get }")] });
  it("is fine when everything passes", () => {
    const empty = known({ filters: [filter("ct", STREAM)] });
    expect(empty && patternVerdict(empty, { lost: [], group, fine: "", command }).says).toBe("Everything passes.");
  });

  it("is to be mended when it drops events, and the role stays", () => {
    const found = known({
      filters: [{ ...filter("ct", STREAM, "{ $.x = 1 }"), roleArn: "arn:aws:iam::111122223333:role/logs" }],
    });
    expect(found && patternVerdict(found, { lost: ["exec"], group, fine: "", command })).toMatchObject({
      outcome: "missing",
      says: "Pattern { $.x = 1 } drops exec.",
      mend: [
        expect.stringMatching(/--filter-name ct --filter-pattern '' .*--role-arn arn:aws:iam::111122223333:role\/logs/),
      ],
    });
  });

  it("is fine when AWS finds that it matches every kind of event", () => {
    expect(one && patternVerdict(one, { lost: [], group, fine: "", command }).outcome).toBe("ok");
  });

  it("is beside the point where events are transformed before", () => {
    const found = known({ filters: [{ ...filter("ct", STREAM), applyOnTransformedLogs: true }] });
    expect(found && patternVerdict(found, { lost: [], group, fine: "", command }).outcome).toBe("missing");
  });
});

describe("the events that are tried on a pattern", () => {
  it("are each told by a name of its own, and few enough for one question", () => {
    for (const samples of [auditSamples, callSamples]) {
      expect(new Set(samples.map(({ name }) => name)).size).toBe(samples.length);
      expect(new Set(samples.map(({ message }) => message)).size).toBe(samples.length);
      expect(samples.length).toBeLessThanOrEqual(50);
    }
  });

  it("are what the pipeline takes for events, but for what EKS has cut off", () => {
    const read = (message: string): unknown => {
      try {
        return JSON.parse(message);
      } catch {
        return undefined;
      }
    };
    const odd = [
      ...auditSamples.filter(({ message }) => !isAuditEvent(read(message))),
      ...callSamples.filter(({ message }) => !isCloudTrailRecord(read(message))),
    ];
    expect(odd.map(({ name }) => name)).toEqual(["events that EKS has cut off"]);
  });
});
