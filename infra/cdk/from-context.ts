import type { App, Stack } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { compact } from "../../schemas/json.ts";
import { LOG_RETENTION_DAYS } from "../parameters.ts";
import type { CrosstrailProps } from "./props.ts";

/** What was chosen by `-c name=value`, under the names of `CrosstrailProps`; lists are separated by commas. Throws an Error that says how to mend it. */
export function propsFromContext(app: App, stack: Stack): CrosstrailProps {
  const text = (name: string): string | undefined => {
    const value: unknown = app.node.tryGetContext(name);
    return value === undefined || value === "" ? undefined : String(value);
  };
  const list = (name: string): readonly string[] | undefined =>
    text(name)
      ?.split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "");
  const number = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined || /^\d+$/.test(value)) return value === undefined ? undefined : Number(value);
    throw new Error(`${name}: "${value}" is not a number. Give it as -c ${name}=72.`);
  };
  const either = <const T extends string>(name: string, values: readonly T[]): T | undefined => {
    const value = text(name);
    const found = values.find((one) => one === value);
    if (found !== undefined || value === undefined) return found;
    throw new Error(`${name}: "${value}" is neither ${values.join(" nor ")}. Give it as -c ${name}=${values[0]}.`);
  };
  const truth = (name: string): boolean | undefined => {
    const value = either(name, ["true", "false"]);
    return value === undefined ? undefined : value === "true";
  };
  const [key, alarmTopic, days] = [text("key"), text("alarmTopic"), number("logRetentionDays")];
  const logRetentionDays = LOG_RETENTION_DAYS.find((one) => one === days);
  if (days !== undefined && logRetentionDays === undefined)
    throw new Error(`logRetentionDays: CloudWatch Logs knows ${LOG_RETENTION_DAYS.join(", ")}, and not ${days}.`);
  return compact({
    ...{ clusters: list("clusters"), sourceAccounts: list("sourceAccounts"), emails: list("emails") },
    hubRoles: list("hubRoles"),
    ...{ trailLogGroup: text("trailLogGroup"), trailEvents: truth("trailEvents") },
    ...{ streamShards: number("streamShards"), streamRetentionHours: number("streamRetentionHours") },
    ...{ securityHub: truth("securityHub"), shadow: truth("shadow"), keyHasGrants: truth("keyHasGrants") },
    notifyFormat: either("notifyFormat", ["text", "chat"]),
    ...{ logRetentionDays, quarantineDays: number("quarantineDays") },
    key: key === undefined ? undefined : Key.fromKeyArn(stack, "GivenKey", key),
    alarmTopic: alarmTopic === undefined ? undefined : Topic.fromTopicArn(stack, "GivenTopic", alarmTopic),
  });
}
