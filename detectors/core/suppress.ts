import { inRanges } from "../../schemas/address.ts";
import type { Suppression } from "../../schemas/config/config.ts";
import type { Finding } from "../../schemas/findings/finding.ts";

/** What a suppression looks at. */
export type Suppressible = Pick<Finding, "detector" | "cluster" | "target" | "sourceIP"> & {
  readonly actor: Pick<Finding["actor"], "name" | "arn">;
  readonly action: Pick<Finding["action"], "verb" | "resource">;
};

export interface SuppressionState {
  readonly rule: Suppression;
  /** Position in the configuration, from 1. */
  readonly number: number;
  readonly used: number;
  /** Hits that it no longer hid, because their events are later than its expiry. */
  readonly expired: number;
}

export interface Suppressions {
  /** True when a rule hides a hit of an event at `time` (ms). */
  readonly hides: (view: Suppressible, time: number) => boolean;
  readonly report: () => readonly SuppressionState[];
}

/** `*` stands for any run of characters, everything else for itself. */
function glob(pattern: string): (value: string) => boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${escaped.join("[^]*")}$`);
  return (value) => expression.test(value);
}

/** Whether a rule's predicate covers a hit, its expiry aside. */
export function covers(rule: Suppression, view: Suppressible): boolean {
  const matches = (pattern: string | undefined, ...candidates: readonly (string | undefined)[]): boolean =>
    pattern === undefined || candidates.some((value) => value !== undefined && glob(pattern)(value));
  return (
    rule.detector === view.detector &&
    matches(rule.actor, view.actor.name, view.actor.arn) &&
    matches(rule.action.verb, view.action.verb) &&
    matches(rule.action.resource, view.action.resource) &&
    matches(rule.action.target, view.target) &&
    matches(rule.cluster, view.cluster) &&
    (rule.sourceIP === undefined || inRanges(view.sourceIP, [rule.sourceIP]))
  );
}

export function createSuppressions(rules: readonly Suppression[]): Suppressions {
  const states = rules.map((rule, index) => ({
    rule,
    number: index + 1,
    used: 0,
    expired: 0,
    until: Date.parse(rule.expires),
  }));
  return {
    hides(view, time) {
      let hidden = false;
      for (const state of states) {
        if (!covers(state.rule, view)) continue;
        // No time at all (a leap second is none here) is past, rather than never.
        if (!(time < state.until)) {
          state.expired += 1;
          continue;
        }
        state.used += 1;
        hidden = true;
      }
      return hidden;
    },
    report: () => states.map(({ until: _until, ...state }) => ({ ...state })),
  };
}
