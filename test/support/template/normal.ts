// The one way to write what templates may write in several: CloudFormation takes 1 for "1", IAM one action for a list of one, and neither
// cares for the order of what is a set.
import { isSection, type Json, type Section } from "./template.ts";

/** Lists whose order means nothing. */
const SETS = new Set([
  ...["Action", "NotAction", "Resource", "NotResource", "Statement"],
  ...["ManagedPolicyArns", "Policies", "Roles", "Queues", "Topics", "Tags", "DependsOn", "AttributeDefinitions"],
]);
/** Of a policy's statement: what may be one text or a list of them. */
const LISTS = ["Action", "NotAction", "Resource", "NotResource"];

/** Whether the list at this path is a set; so is what stands for one key of a statement's principals or conditions. */
export const isSet = (path: string): boolean =>
  SETS.has(path.split(".").at(-1) ?? "") || /\.Statement\[\d+\]\.(?:Not)?(?:Principal|Condition)\./.test(path);

/** Numbers and booleans as text, keys and sets sorted, policies with lists throughout, JSON in a text as what it says. */
export function normal(value: Json, key = ""): Json {
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => normal(item));
    return SETS.has(key) ? unique(items) : items;
  }
  if (isSection(value)) {
    const body = Array.isArray(value.Statement) || isSection(value.Statement) ? policy(value) : value;
    const entries = Object.entries(body).map(([name, item]) => [name, normal(item, name)] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return value === null ? null : fromJson(String(value));
}

const unique = (items: readonly Json[]): readonly Json[] =>
  [...new Map(items.map((item) => [JSON.stringify(item), item] as const))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);

/** The bodies of dashboards and the policies of some resources are JSON in a text. */
function fromJson(text: string): Json {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return normal(JSON.parse(text));
  } catch {
    return text;
  }
}

/** A policy document. A statement's Sid is left out: it decides nothing. */
function policy(document: Section): Section {
  const statements = [document.Statement ?? []].flat().filter(isSection);
  return { ...document, Statement: statements.map(({ Sid: _, ...statement }) => statementOf(statement)) };
}

function statementOf(statement: Section): Section {
  return Object.fromEntries(
    Object.entries(statement).map(([name, value]) => {
      if (LISTS.includes(name)) return [name, listOf(value)];
      // "*" and { AWS: "*" } are the same.
      if (/Principal$/.test(name)) return [name, setsIn(isSection(value) ? value : { AWS: value })];
      if (name !== "Condition" || !isSection(value)) return [name, value];
      const operators = Object.entries(value).map(([operator, keys]) => [
        operator,
        isSection(keys) ? setsIn(keys) : keys,
      ]);
      return [name, Object.fromEntries(operators)];
    }),
  );
}
const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value]);
const setsIn = (body: Section): Section =>
  Object.fromEntries(Object.entries(body).map(([name, value]) => [name, unique(listOf(normal(value)))]));
