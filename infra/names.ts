/** Values for the `${Name}` and `${Name.Attribute}` that stand in the data of this room: CloudFormation's own way of naming what is only known when a stack is made. In
 * the SAM template they go into `Fn::Sub` as they are; the CDK construct puts its own resources in their place. */
export type Values = Readonly<Record<string, string>>;

const NAMED = /\$\{([^}]+)\}/g;

/** The names in all strings of a value. */
export function namesIn(value: unknown): readonly string[] {
  return [...new Set([...JSON.stringify(value).matchAll(NAMED)].map(([, name = ""]) => name))];
}

/** The same value, with all names replaced. Throws on a name without a value: a misspelt one must not reach a template. */
export function fill<T>(value: T, values: Values): T {
  if (typeof value === "string")
    return value.replace(NAMED, (_, name: string) => {
      const found = values[name];
      if (found === undefined) throw new Error(`nothing in the stack is called ${name}`);
      return found;
    }) as T;
  if (Array.isArray(value)) return value.map((one) => fill(one, values)) as T;
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, values)])) as T;
  return value;
}
