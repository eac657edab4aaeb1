/** One pattern that matches whatever one of `patterns` matches, the first that does; groups are numbered through. */
export const anyOf = (flags: string, ...patterns: readonly RegExp[]): RegExp =>
  new RegExp(patterns.map(({ source }) => source).join("|"), flags);
