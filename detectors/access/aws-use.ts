const DENIED =
  /^(?:denied|AccessDenied|UnauthorizedOperation|OperationNotPermitted|Unauthorized|NotAuthorized|Forbidden)/;

/** A use of a key whose answer was that its role may not. */
export const wasDenied = ({ outcome }: { readonly outcome: string }): boolean => DENIED.test(outcome);

/** The first use of each API, of uses in the order of time. */
export function firstOfEach<T extends { readonly api: string }>(uses: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return uses.filter(({ api }) => !seen.has(api) && seen.add(api));
}

/** APIs that a pod's keys called on a day before `time`. */
export const usualBefore = (
  time: string,
  calls: readonly { readonly time: string; readonly api: string }[],
): string[] => calls.filter((call) => call.time.slice(0, 10) < time.slice(0, 10)).map(({ api }) => api);

/** Why what seems new may not be: more uses were told of than are kept. */
export const usesMissing = (hours: readonly { readonly overflowed: (attribute: "used") => boolean }[]): string[] =>
  hours.some((hour) => hour.overflowed("used")) ? ["more uses than are kept: earlier ones may be missing"] : [];
