// What CloudFormation makes of a template for given parameter values, as far as it can be known before anything is deployed. Conditions are
// decided; what only a deployment knows stays, in one form: a text as Fn::Sub writes it, "${Queue}" for a Ref, "${Queue.Arn}" for a GetAtt. A text
// that holds "${" for itself, as policies do, has "${!" then: who forgot the Sub does not equal who wrote it.
import { isSection, type Json, type Resource, type Section, type Template } from "./template.ts";

export interface Values {
  /** A parameter that is not named here has its default. Lists are written as CloudFormation takes them, with commas. */
  readonly parameters?: Readonly<Record<string, string | number>>;
  /** As "AWS::Region"; those that are not named stay as they are. */
  readonly pseudo?: Readonly<Record<string, string>>;
}
/** Everything that a template makes, with no condition left in it. */
export interface Evaluated {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, Section>>;
}

/** What Fn::If and AWS::NoValue leave out. */
const ABSENT = Symbol("absent");
type Maybe = Json | typeof ABSENT;
type Scope = ReturnType<typeof scopeOf>;

/** Throws an Error where CloudFormation would refuse the template: a name that nothing has, a Ref to what a condition leaves out. */
export function evaluate(template: Template, values: Values = {}): Evaluated {
  const scope = scopeOf(template, values);
  const made = <Part extends Section | Resource>(parts: Readonly<Record<string, Part>> = {}) =>
    Object.entries(parts).filter(([, { Condition }]) => Condition === undefined || scope.holds(String(Condition)));
  return {
    resources: Object.fromEntries(made(template.Resources).map(([id, body]) => [id, resource(body, scope)])),
    outputs: Object.fromEntries(made(template.Outputs).map(([id, body]) => [id, section(body, scope)])),
  };
}

function resource({ Type, Condition: _, ...rest }: Resource, scope: Scope): Resource {
  const body = section(rest as Section, scope);
  const after = [body.DependsOn ?? []].flat().filter((id) => scope.exists(String(id)));
  const { DependsOn: _without, ...others } = body;
  return { Type, ...others, ...(after.length > 0 && { DependsOn: after }) };
}

function section(body: Section, scope: Scope): Section {
  const { Condition: _, ...rest } = body;
  return evaluated(rest, scope) as Section;
}

function scopeOf(template: Template, { parameters = {}, pseudo = {} }: Values) {
  const { Parameters = {}, Conditions = {}, Resources, Mappings = {} } = template;
  const unknown = Object.keys(parameters).find((name) => Parameters[name] === undefined);
  if (unknown !== undefined) throw new Error(`the template has no parameter ${unknown}`);
  const decided = new Map<string, boolean | "open">();
  const scope = {
    mappings: Mappings,
    holds(name: string): boolean {
      const before = decided.get(name);
      if (before === "open") throw new Error(`condition ${name} depends on itself`);
      if (before !== undefined) return before;
      const condition = Conditions[name];
      if (condition === undefined) throw new Error(`there is no condition ${name}`);
      decided.set(name, "open");
      const holds = decide(condition, scope);
      decided.set(name, holds);
      return holds;
    },
    /** Whether a resource of this name is made. */
    exists(id: string): boolean {
      const body = Resources[id];
      return body !== undefined && (body.Condition === undefined || scope.holds(String(body.Condition)));
    },
    ref(name: string): Maybe {
      if (name === "AWS::NoValue") return ABSENT;
      if (name.startsWith("AWS::")) return pseudo[name] ?? `\${${name}}`;
      const parameter = Parameters[name];
      if (parameter === undefined) return scope.attribute(name);
      const value = parameters[name] ?? parameter.Default;
      if (value === undefined) throw new Error(`parameter ${name} has neither a value nor a default`);
      if (parameter.Type === "Number") return Number(value);
      if (!/^(CommaDelimitedList|List<)/.test(parameter.Type)) return literal(String(value));
      return value === ""
        ? []
        : String(value)
            .split(",")
            .map((item) => literal(item.trim()));
    },
    attribute(id: string, ...path: readonly string[]): string {
      if (!scope.exists(id)) throw new Error(`${[id, ...path].join(".")} is named, and is not made`);
      return `\${${[id, ...path].join(".")}}`;
    },
  };
  return scope;
}

function decide(condition: Json, scope: Scope): boolean {
  const [name, argument] = Object.entries(isSection(condition) ? condition : {})[0] ?? [];
  const all = Array.isArray(argument) ? argument : [];
  if (name === "Condition") return scope.holds(String(argument));
  if (name === "Fn::And") return all.every((one) => decide(one, scope));
  if (name === "Fn::Or") return all.some((one) => decide(one, scope));
  if (name === "Fn::Not" && all.length === 1) return !decide(all[0] ?? null, scope);
  if (name !== "Fn::Equals" || all.length !== 2) throw new Error(`${JSON.stringify(condition)} is no condition`);
  const [left, right] = all.map((side) => evaluated(side, scope));
  for (const side of [left, right])
    if (JSON.stringify(side)?.replaceAll("${!", "").includes("${"))
      throw new Error(`a condition asks for ${String(side)}, which has no value here`);
  return comparable(left) === comparable(right);
}
const comparable = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

function evaluated(value: Json, scope: Scope): Maybe {
  if (typeof value === "string") return literal(value);
  if (Array.isArray(value)) return present(value.map((item: Json) => evaluated(item, scope)));
  if (!isSection(value)) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && name !== undefined && argument !== undefined && /^(Ref$|Fn::)/.test(name))
    return intrinsic(name, argument, scope);
  const kept = entries.map(([key, item]) => [key, evaluated(item, scope)] as const);
  return Object.fromEntries(kept.filter((entry): entry is [string, Json] => entry[1] !== ABSENT));
}
const present = (items: readonly Maybe[]): readonly Json[] => items.filter((item) => item !== ABSENT);
const literal = (text: string): string => text.replaceAll("${", "${!");

function intrinsic(name: string, argument: Json, scope: Scope): Maybe {
  if (name === "Ref") return scope.ref(String(argument));
  if (name === "Fn::Sub") return substitute(argument, scope);
  if (name === "Fn::If") {
    const [condition, then = null, otherwise = null] = Array.isArray(argument) ? argument : [];
    return evaluated(scope.holds(String(condition)) ? then : otherwise, scope);
  }
  const given = evaluated(argument, scope);
  const apply = functions[name];
  if (apply === undefined || given === ABSENT) throw new Error(`${name} is no function of a plain template`);
  return apply(Array.isArray(given) ? given : [given], scope) ?? opaque(name, given);
}

/** Of evaluated arguments. Nothing is what only a deployment can compute. */
const functions: Readonly<Record<string, (given: readonly Json[], scope: Scope) => Maybe | undefined>> = {
  "Fn::GetAtt"(given, scope) {
    const [id = "", ...path] = given.flatMap((part) => String(part).split("."));
    return scope.attribute(id, ...path);
  },
  "Fn::Join": ([delimiter = "", items]) =>
    Array.isArray(items) ? items.map(textOf).join(String(delimiter)) : undefined,
  "Fn::Split": ([delimiter = "", text = ""]) => (isKnown(text) ? String(text).split(String(delimiter)) : undefined),
  "Fn::Select"([index, items]) {
    if (!Array.isArray(items)) return;
    const chosen: Json | undefined = items[Number(index)];
    if (chosen === undefined) throw new Error(`Fn::Select: ${JSON.stringify(items)} has no ${index}`);
    return chosen;
  },
  "Fn::FindInMap"([map, first, second], scope) {
    const found = scope.mappings[String(map)]?.[String(first)]?.[String(second)];
    if (found === undefined) throw new Error(`Fn::FindInMap: there is no ${map}, ${first}, ${second}`);
    return evaluated(found, scope);
  },
  "Fn::Base64": () => undefined,
  "Fn::Cidr": () => undefined,
  "Fn::GetAZs": () => undefined,
  "Fn::ImportValue": () => undefined,
};

const opaque = (name: string, given: Maybe): string => `\${${name} ${JSON.stringify(given)}}`;
/** Whether a text holds nothing that only a deployment knows. */
const isKnown = (value: Json): boolean => !String(value).replaceAll("${!", "").includes("${");
const textOf = (value: Json): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

function substitute(argument: Json, scope: Scope): string {
  const [text, map] = Array.isArray(argument) ? argument : [argument, {}];
  return String(text).replace(/\$\{([^!}][^}]*)\}/g, (_, name: string) => {
    const own = isSection(map) ? map[name] : undefined;
    if (own !== undefined) return textOf(evaluated(own, scope) as Json);
    return name.includes(".") ? scope.attribute(...(name.split(".") as [string])) : textOf(scope.ref(name) as Json);
  });
}
