// What CloudFormation has against parameter values before it makes anything: the constraints of each parameter, then the template's rules
// (docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html).
import { isSection, type Json, type Section, type Template } from "./template.ts";

export type Given = Readonly<Record<string, string | number>>;

/** Sentences, those of the template where it has some. Empty when the values are accepted. */
export function refusals(template: Template, given: Given): readonly string[] {
  const parameters = (template.Parameters ?? {}) as Readonly<Record<string, Section>>;
  const unknown = Object.keys(given).filter((name) => parameters[name] === undefined);
  const values = Object.fromEntries(
    Object.entries(parameters).map(([name, { Default }]) => [name, String(given[name] ?? Default)]),
  );
  return [
    ...unknown.map((name) => `the template has no parameter ${name}`),
    ...Object.entries(parameters).flatMap(([name, parameter]) => against(name, values[name] ?? "", parameter)),
    ...Object.values((template.Rules ?? {}) as Readonly<Record<string, Section>>).flatMap((rule) =>
      broken(rule, values),
    ),
  ];
}

function against(name: string, value: string, parameter: Section): readonly string[] {
  const { Type, AllowedPattern, AllowedValues, MinValue, MaxValue, ConstraintDescription } = parameter;
  const fits =
    // The pattern is Java's, and has to match the whole of a value. What is used here means the same in JavaScript.
    (AllowedPattern === undefined || new RegExp(`^(?:${AllowedPattern})$`).test(value)) &&
    (!Array.isArray(AllowedValues) || AllowedValues.map(String).includes(value)) &&
    (Type !== "Number" || /^-?[0-9]+(\.[0-9]+)?$/.test(value)) &&
    (MinValue === undefined || Number(value) >= Number(MinValue)) &&
    (MaxValue === undefined || Number(value) <= Number(MaxValue));
  return fits ? [] : [`${name}: ${ConstraintDescription ?? `"${value}" is not allowed`}`];
}

type Values = Readonly<Record<string, string>>;

function broken({ RuleCondition, Assertions }: Section, values: Values): readonly string[] {
  if (RuleCondition !== undefined && !holds(RuleCondition, values)) return [];
  return (Assertions as readonly Section[])
    .filter(({ Assert = null }) => !holds(Assert, values))
    .map(({ AssertDescription }) => String(AssertDescription));
}

/** The functions that rules know, as far as they are used here; everything else throws. */
function holds(condition: Json, values: Values): boolean {
  const [[name, argument] = [], ...others] = Object.entries(isSection(condition) ? condition : {});
  const all = Array.isArray(argument) ? argument : [];
  if (others.length > 0) throw new Error(`${JSON.stringify(condition)} is no condition of a rule`);
  if (name === "Fn::Not" && all.length === 1) return !holds(all[0] ?? null, values);
  if (name === "Fn::And" && all.length >= 2) return all.every((one) => holds(one, values));
  if (name === "Fn::Or" && all.length >= 2) return all.some((one) => holds(one, values));
  if (name !== "Fn::Equals" || all.length !== 2)
    throw new Error(`${JSON.stringify(condition)} is no condition of a rule`);
  const [left, right] = all.map((side) => valueIn(side, values));
  return left === right;
}

function valueIn(side: Json, values: Values): string {
  if (!isSection(side)) return String(side);
  const value = values[String(side.Ref)];
  if (value === undefined) throw new Error(`a rule asks for ${JSON.stringify(side)}, which is no parameter`);
  return value;
}
