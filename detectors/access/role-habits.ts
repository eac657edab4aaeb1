import type { Entity } from "../ledger/view.ts";
import { ANY_API } from "../ledger/weeks.ts";

/** Others of the role that have to do the same before it tells nothing. */
const OTHERS = 2;

/** What the pods of a role call, as seen from one of them on one day. */
export interface Habits {
  /** The role called it on an earlier day, or others of its pods call it by now: a release does. Pods that somebody entered do not count. */
  readonly usual: (api: string) => boolean;
  /** The pod itself called something on an earlier day. */
  readonly knownPod: boolean;
  /** The role called something on an earlier day. */
  readonly knownRole: boolean;
  /** Others of its pods are there to compare with. */
  readonly company: boolean;
}

/** `time`: ISO 8601, of the day that is judged. */
export function habitsAt(time: string, pod: string | undefined, habits: readonly Entity<"habit">[]): Habits {
  const day = time.slice(0, "2026-11-22".length);
  const isEarlier = ({ since }: { readonly since: string }): boolean => since.slice(0, day.length) < day;
  const callers = Map.groupBy(
    habits.flatMap((habit) => habit.all("caller").map((caller) => ({ ...caller, api: apiOf(habit.id) }))),
    ({ api }) => api,
  );
  const entered = new Set(habits.flatMap((habit) => habit.all("entered").map((told) => told.pod)));
  const othersOf = (some: readonly { readonly pod: string }[]): number =>
    new Set(some.map((one) => one.pod).filter((other) => other !== pod && !entered.has(other))).size;
  const all = callers.get(ANY_API) ?? [];
  const earlier = all.filter(isEarlier);
  return {
    usual: (api) => {
      const some = callers.get(api) ?? [];
      return some.some(isEarlier) || othersOf(some) >= OTHERS;
    },
    knownPod: earlier.some((one) => one.pod === pod),
    knownRole: earlier.length > 0,
    company: othersOf(all) >= OTHERS,
  };
}

/** Of `account/role/api/week`. */
const apiOf = (id: string): string => id.split("/").at(-2) ?? "";
