import { type CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from "@aws-sdk/client-cloudwatch";
import type { Command } from "./command.ts";
import { check, missing, notApplicable, ok, pages, type Result, type Verdict } from "./result.ts";
import { listOf } from "./when.ts";

/** The stack's alarms: their names begin with its own. */
export function checkAlarms(
  cloudwatch: Pick<CloudWatchClient, "send">,
  stack: string,
  command: Command,
): Promise<Result> {
  return check(`stack ${stack}`, "alarms", async (ask) => {
    const alarms = pages(async (NextToken) => {
      const asked = new DescribeAlarmsCommand({
        ...{ AlarmNamePrefix: stack, AlarmTypes: ["MetricAlarm", "CompositeAlarm"], ...(NextToken && { NextToken }) },
      });
      const { MetricAlarms = [], CompositeAlarms = [], NextToken: next } = await cloudwatch.send(asked);
      return { items: [...MetricAlarms, ...CompositeAlarms], next };
    });
    return alarmsVerdict(await ask({ of: "alarms", action: "cloudwatch:DescribeAlarms" }, alarms), stack, command);
  });
}

export function alarmsVerdict(
  alarms: readonly Pick<MetricAlarm, "AlarmName" | "StateValue">[],
  stack: string,
  command: Command,
): Verdict {
  if (alarms.length === 0) return notApplicable(`There is no alarm whose name begins with ${stack}.`);
  const ringing = alarms.flatMap(({ AlarmName, StateValue }) =>
    StateValue === "ALARM" && AlarmName ? [AlarmName] : [],
  );
  if (ringing.length === 0) return ok(`None of ${alarms.length} rings.`);
  return missing(
    `${ringing.length} of ${alarms.length} ring: ${listOf(ringing)}.`,
    command("cloudwatch", "describe-alarms", "--alarm-names", ...ringing),
  );
}
