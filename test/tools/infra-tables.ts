import { type Alarm, alarms, kebab } from "../../infra/alarms.ts";
import { type Parameter, parameters } from "../../infra/parameters.ts";
import { keyGrants, type Right, rights } from "../../infra/rights.ts";
import { subscriptionAlarms } from "../../infra/subscription-alarms.ts";
import { between } from "./between.ts";

/** infra/README.md with its tables renewed. */
export function infraTables(readme: string): string {
  const chosen = Object.entries<Parameter>(parameters).map(
    ([name, { prop, default: usual, is }]) =>
      `| \`${name}\` | \`${prop}\` | ${usual === "" ? "" : `\`${usual}\``} | ${is} |`,
  );
  const row =
    (more: string) =>
    ({ id, is, todo }: Alarm) =>
      `| \`${kebab(id)}\`${more} | ${toFillIn(is)} | ${toFillIn(todo)} |`;
  const allowed = Object.entries(rights).flatMap(([name, all]) => all.map((right) => rightRow(name, right)));
  const tables = {
    parameters: ["| SAM | CDK | default | what it is |", "| --- | --- | --- | --- |", ...chosen],
    key: [
      ...["| service | actions | condition |", "| --- | --- | --- |"],
      ...keyGrants.map(
        ({ service, actions, conditions }) =>
          `| \`${service}\` | ${actions.map((action) => `\`${action}\``).join(" ")} | \`${JSON.stringify(conditions)}\` |`,
      ),
    ],
    alarms: [
      ...["| alarm | says | what to do |", "| --- | --- | --- |", ...alarms.map(row(""))],
      ...subscriptionAlarms.map((alarm) => row(", one for each log group: `-cluster1` ... and `-trail`")(alarm)),
    ],
    rights: ["| function | actions | resources |", "| --- | --- | --- |", ...allowed],
  };
  return Object.entries(tables).reduce((text, [name, lines]) => between(text, name, lines), readme);
}

/** `${AWS::StackName}` -> STACK_NAME, `${QuarantineBucket}` -> QUARANTINE_BUCKET, `${DeadLetterQueue.Arn}` -> DEAD_LETTER_QUEUE_ARN: the alarm itself has the name. */
const toFillIn = (text: string): string =>
  text.replace(/\$\{(?:AWS::)?([\w.]+)\}/g, (_, name: string) =>
    name
      .replace(".", "")
      .replace(/(?<=.)[A-Z]/g, "_$&")
      .toUpperCase(),
  );

function rightRow(name: string, { actions, resources, conditions, when }: Right): string {
  const where = [
    ...("of" in resources ? [`those of \`${resources.of}\``] : resources.map((resource) => `\`${resource}\``)),
    ...(conditions === undefined ? [] : [`if \`${JSON.stringify(conditions)}\``]),
    ...(when === "hub" ? ["(with Security Hub)"] : []),
    ...(when === "hubRoles" ? ["(with roles of other accounts)"] : []),
  ];
  return `| ${name.toLowerCase()} | ${actions.map((action) => `\`${action}\``).join(" ")} | ${where.join(" ")} |`;
}
