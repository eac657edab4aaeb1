import type { Evaluated } from "./evaluate.ts";
import { isSet, normal } from "./normal.ts";
import { isSection, type Json, type Resource } from "./template.ts";

/** Something that two templates say otherwise. What one of them does not say is undefined there. */
export interface Difference {
  /** Logical id, in the right template's names. */
  readonly resource: string;
  /** As "Properties.Policies[0].PolicyName"; empty when one side has no such resource. */
  readonly path: string;
  readonly left: Json | undefined;
  readonly right: Json | undefined;
}

/** Differences that are meant. Both patterns are regular expressions for the whole text. */
export interface Allowed {
  readonly resource: string;
  readonly path: string;
  readonly reason: string;
}

/**
 * What the resources of two evaluated templates say otherwise, in the order of their names. `names` gives the left one's logical ids as the right
 * one has them; metadata says nothing about what is deployed and is left out.
 */
export function compare(left: Evaluated, right: Evaluated, names: Readonly<Record<string, string>> = {}): Difference[] {
  const [a, b] = [normalised(renamed(left.resources, names)), normalised(right.resources)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().flatMap((resource) => {
    const [one, other] = [a[resource], b[resource]];
    if (one === undefined || other === undefined) return [{ resource, path: "", left: one?.Type, right: other?.Type }];
    return differences(one as Json, other as Json, "").map((difference) => ({ resource, ...difference }));
  });
}

/** The differences that nothing allows, and what allows none of them. */
export function disallowed(
  found: readonly Difference[],
  allowed: readonly Allowed[],
): { readonly rest: readonly Difference[]; readonly unused: readonly Allowed[] } {
  const whole = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text);
  const allows = ({ resource, path }: Allowed, difference: Difference): boolean =>
    whole(resource, difference.resource) && whole(path, difference.path);
  return {
    rest: found.filter((difference) => !allowed.some((one) => allows(one, difference))),
    unused: allowed.filter((one) => !found.some((difference) => allows(one, difference))),
  };
}

type Resources = Readonly<Record<string, Resource>>;

function renamed(resources: Resources, names: Readonly<Record<string, string>>): Resources {
  const nameOf = (id: string): string => (Object.hasOwn(names, id) ? (names[id] ?? id) : id);
  const entries = Object.entries(resources).map(([id, body]) => {
    const { DependsOn, ...rest } = inTexts(body as Json, nameOf) as Resource;
    const after = [DependsOn ?? []].flat().map((one) => nameOf(String(one)));
    return [nameOf(id), { ...rest, ...(after.length > 0 && { DependsOn: after }) } as Resource] as const;
  });
  const twice = entries.find(([id], at) => entries.findIndex(([other]) => other === id) !== at);
  if (twice !== undefined) throw new Error(`two resources would be named ${twice[0]}`);
  return Object.fromEntries(entries);
}

/** References are texts in an evaluated template. */
function inTexts(value: Json, nameOf: (id: string) => string): Json {
  if (typeof value === "string") return value.replace(/\$\{([A-Za-z0-9]+)/g, (_, id: string) => `\${${nameOf(id)}`);
  if (Array.isArray(value)) return value.map((item: Json) => inTexts(item, nameOf));
  if (!isSection(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inTexts(item, nameOf)]));
}

/** Without metadata, and without the resource that CDK adds to count its own use. */
const normalised = (resources: Resources): Resources =>
  Object.fromEntries(
    Object.entries(resources)
      .filter(([, { Type }]) => Type !== "AWS::CDK::Metadata")
      .map(([id, { Metadata: _, ...body }]) => [id, normal(body as Json) as unknown as Resource]),
  );

type Found = Omit<Difference, "resource">;

function differences(left: Json | undefined, right: Json | undefined, path: string): readonly Found[] {
  if (isSection(left) && isSection(right))
    return [...new Set([...Object.keys(left), ...Object.keys(right)])]
      .sort()
      .flatMap((key) => differences(left[key], right[key], path === "" ? key : `${path}.${key}`));
  if (Array.isArray(left) && Array.isArray(right)) {
    const pairs = isSet(path) ? inSets(left, right) : inLists(left, right);
    if (pairs !== undefined) return pairs.flatMap(([at, one, other]) => differences(one, other, `${path}[${at}]`));
  }
  return JSON.stringify(left) === JSON.stringify(right) ? [] : [{ path, left, right }];
}

type Pair = readonly [at: number, left: Json | undefined, right: Json | undefined];

/** A list of another length is another list: what stands where in it says little. */
const inLists = (left: readonly Json[], right: readonly Json[]): readonly Pair[] | undefined =>
  left.length === right.length ? left.map((item, at) => [at, item, right[at]] as const) : undefined;

/** What only one side has, each with what it most likely was on the other: so that one changed leaf is one difference. */
function inSets(left: readonly Json[], right: readonly Json[]): readonly Pair[] {
  const lacks = (others: readonly Json[]) => (item: Json) => !others.some((other) => same(item, other));
  const [gone, come] = [left.filter(lacks(right)), right.filter(lacks(left))];
  const pairs: Pair[] = gone.map((item) => {
    const [nearest] = [...come].sort((a, b) => differences(item, a, "").length - differences(item, b, "").length);
    if (nearest !== undefined) come.splice(come.indexOf(nearest), 1);
    return [left.indexOf(item), item, nearest];
  });
  return [...pairs, ...come.map((item, at) => [left.length + at, undefined, item] as const)];
}
const same = (one: Json, other: Json): boolean => JSON.stringify(one) === JSON.stringify(other);
