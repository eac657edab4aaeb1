const DENIED =
  /^(?:denied|AccessDenied|UnauthorizedOperation|OperationNotPermitted|Unauthorized|NotAuthorized|Forbidden)/;

/** A use of a key whose answer was that its role may not. */
export const wasDenied = ({ outcome }: { readonly outcome: string }): boolean => DENIED.test(outcome);

/** The first use of each API, of uses in the order of time. */
export function firstOfEach<T extends { readonly api: string }>(uses: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return uses.filter(({ api }) => !seen.has(api) && seen.add(api));
}

/** Uses in the order of time, with the time (ms) of the first of each: what is used again within the hour is told once. */
export const inOrder = <T extends { readonly since: string }>(uses: readonly T[]): readonly (T & { at: number })[] =>
  uses.map((use) => ({ ...use, at: Date.parse(use.since) })).sort((a, b) => a.at - b.at);

/** Why what seems new may not be: more uses were told of than are kept. */
export const usesMissing = (hours: readonly { readonly overflowed: (attribute: "used") => boolean }[]): string[] =>
  hours.some((hour) => hour.overflowed("used")) ? ["more uses than are kept: earlier ones may be missing"] : [];
