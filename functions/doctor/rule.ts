import { DescribeRuleCommand, type DescribeRuleResponse, type EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Command } from "./command.ts";
import { type Ask, check, missing, notApplicable, ok, type Result, unlessAbsent, type Verdict } from "./result.ts";

export interface RuleContext {
  readonly rule: (ask: Ask) => Promise<string | undefined>;
  /** Another way in. */
  readonly group: (ask: Ask) => Promise<string | undefined>;
  readonly region: string;
  readonly command: Command;
}

/** The rule by which EventBridge passes CloudTrail's events on. */
export function checkRule(events: Pick<EventBridgeClient, "send">, context: RuleContext): Promise<Result> {
  const { region, command } = context;
  return check("CloudTrail", "EventBridge rule", async (ask) => {
    const [name, group] = [await context.rule(ask), await context.group(ask)];
    if (name === undefined && group !== undefined) return notApplicable("CloudTrail comes in by its log group.");
    if (name === undefined)
      return missing("CloudTrail has no way in: the stack knows neither a log group of a trail nor a rule.");
    const answer = unlessAbsent(events.send(new DescribeRuleCommand({ Name: name })), /^ResourceNotFoundException$/);
    const found = await ask({ of: `rule ${name}`, action: "events:DescribeRule" }, answer);
    return ruleVerdict(found, { name, region, command, alone: group === undefined });
  });
}

interface Rule {
  readonly name: string;
  readonly region: string;
  readonly command: Command;
  /** There is no log group beside it. */
  readonly alone: boolean;
}

/** `found`: undefined where there is no such rule. Without the long state EventBridge leaves out what only reads (docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html). IAM's events go to us-east-1. */
export function ruleVerdict(
  found: Pick<DescribeRuleResponse, "State" | "EventPattern"> | undefined,
  { name, region, command, alone }: Rule,
): Verdict {
  if (found === undefined) return missing(`There is no rule ${name}: deploy the stack again.`);
  const { State: state, EventPattern: pattern = "{}" } = found;
  // It replaces the rule, so that the pattern has to be said again (API reference, PutRule).
  const mend = command("events", "put-rule", "--name", name, "--state", ALL, "--event-pattern", pattern);
  if (state === "DISABLED") return missing(`Rule ${name} is disabled.`, mend);
  if (state !== ALL)
    return missing(`Rule ${name} leaves out events that only read, as AssumeRoleForPodIdentity does.`, mend);
  const iam = alone && region !== "us-east-1" ? " IAM's events come to us-east-1 only: it does not see them." : "";
  return ok(`Rule ${name} passes all management events on.${iam}`);
}

const ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
