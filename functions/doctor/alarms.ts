import { type CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from "@aws-sdk/client-cloudwatch";
import type { Command } from "./command.ts";
import { check, missing, notApplicable, ok, pages, type Result, type Verdict } from "./result.ts";
import type { Stack } from "./stack.ts";
import { listOf } from "./when.ts";

/** The stack's alarms. Their names begin with its own, as do those of a stack with a longer name: `crosstrail-stage` beside `crosstrail`. */
export function checkAlarms(
  cloudwatch: Pick<CloudWatchClient, "send">,
  stack: Pick<Stack, "name" | "made">,
  command: Command,
): Promise<Result> {
  return check(`stack ${stack.name}`, "alarms", async (ask) => {
    const alarms = pages(async (NextToken) => {
      const asked = new DescribeAlarmsCommand({
        ...{
          AlarmNamePrefix: `${stack.name}-`,
          AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
          ...(NextToken && { NextToken }),
        },
      });
      const { MetricAlarms = [], CompositeAlarms = [], NextToken: next } = await cloudwatch.send(asked);
      return { items: [...MetricAlarms, ...CompositeAlarms], next };
    });
    const found = await ask({ of: "alarms", action: "cloudwatch:DescribeAlarms" }, alarms);
    const own = await Promise.all(
      found.map(async (alarm) =>
        (await stack.made(ask, "AWS::CloudWatch::Alarm", alarm.AlarmName ?? "")) ? [alarm] : [],
      ),
    );
    return alarmsVerdict(own.flat(), stack.name, command);
  });
}

export function alarmsVerdict(
  alarms: readonly Pick<MetricAlarm, "AlarmName" | "StateValue">[],
  stack: string,
  command: Command,
): Verdict {
  if (alarms.length === 0) return notApplicable(`Stack ${stack} has no alarm.`);
  const ringing = alarms.flatMap(({ AlarmName, StateValue }) =>
    StateValue === "ALARM" && AlarmName ? [AlarmName] : [],
  );
  if (ringing.length === 0) return ok(`None of ${alarms.length} rings.`);
  return missing(
    `${ringing.length} of ${alarms.length} ring: ${listOf(ringing)}.`,
    command("cloudwatch", "describe-alarms", "--alarm-names", ...ringing),
  );
}
