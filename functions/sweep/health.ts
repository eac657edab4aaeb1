import type { Draft } from "../../detectors/core/compose.ts";
import type { Configured } from "../runtime/config-source.ts";
import { conditions, healthDraft } from "../runtime/health.ts";

/** What is wrong with the configuration: that it cannot be used, and the suppressions that hide nothing any more. */
export function healthOf(
  { config, version, problem }: Configured,
  { now, region }: { readonly now: () => number; readonly region: string },
): readonly Draft[] {
  const at = now();
  const broken =
    problem === undefined
      ? []
      : [
          healthDraft(conditions.configuration, {
            sentence: `The configuration cannot be used, and ${version} stands: ${problem.message}`,
            on: `configuration ${problem.version}`,
            ...{ at, region },
            evidence: [{ field: "problem", value: problem.message }],
          }),
        ];
  const expired = (config.suppressions ?? [])
    .filter(({ expires }) => Date.parse(expires) <= at)
    .map(({ detector, actor, owner, expires, reason }) =>
      healthDraft(conditions.suppressionExpired, {
        sentence: `${owner}'s suppression of ${detector} for ${actor} has expired at ${expires}`,
        on: `suppression of ${detector} for ${actor} until ${expires}`,
        // One finding, not one a day: it expired once.
        ...{ at: Date.parse(expires), region },
        evidence: [
          { field: "owner", value: owner },
          { field: "reason", value: reason },
        ],
      }),
    );
  return [...broken, ...expired];
}
