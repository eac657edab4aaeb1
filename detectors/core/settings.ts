import type { TObject } from "typebox";
import { type TacticId, tactics } from "../../schemas/attack.ts";
import type { Config } from "../../schemas/config/config.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import { type Detector, type LedgerDetector, ofLedger } from "../ledger/contracts.ts";
import type { ArmedDetector } from "./chain.ts";
import type { DetectorMeta, EventDetector } from "./contracts.ts";
import { type Site, siteOf } from "./site.ts";
import { covers, createSuppressions, type Suppressible, type Suppressions } from "./suppress.ts";

/** A detector with its settings in place. */
export interface Armed<D extends Detector = Detector> {
  readonly detector: D;
  readonly params: unknown;
  /** The highest of its hits, as configured. */
  readonly severity: Severity;
}

export interface Settings {
  readonly armed: readonly ArmedDetector[];
  readonly ledger: readonly Armed<LedgerDetector>[];
  readonly site: Site;
  readonly suppressions: Suppressions;
}

/** Which detectors run: ids, groups, tactic ids or tactic names. */
export interface Selection {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/** A detector's own hit sample, as a suppression sees it. */
export interface Sample extends Suppressible {
  readonly event: string;
}

/** The default of every parameter, from its schema. */
export function defaultsOf(schema: TObject): Record<string, unknown> {
  const entries = Object.entries(schema.properties as Record<string, { default?: unknown }>);
  return Object.fromEntries(
    entries.filter(([, property]) => property.default !== undefined).map(([key, property]) => [key, property.default]),
  );
}

/** Arms the detectors with a valid configuration. Throws E_CONFIG for a suppression that would hide a detector's own hit sample, and for a
 * selection that names nothing. */
export function arm(
  all: readonly Detector[],
  config: Config,
  selection: Selection,
  samples: readonly Sample[],
): Settings {
  for (const [index, rule] of (config.suppressions ?? []).entries()) {
    if (!all.some(({ meta }) => meta.id === rule.detector)) {
      throw new CrosstrailError(
        "E_CONFIG",
        `suppressions[${index}].detector: no detector is named "${rule.detector}"`,
        { cause: undefined },
      );
    }
    const hidden = samples.find((sample) => covers(rule, sample));
    if (hidden !== undefined) {
      const what = `suppressions[${index}] would hide ${rule.detector}'s own hit sample (${hidden.event}): name the actor and action more narrowly`;
      throw new CrosstrailError("E_CONFIG", what, { cause: undefined });
    }
  }
  const selected = select(all, selection);
  const armed = selected.filter(isOfEvents).map((detector) => armOne(detector, config));
  const ledger = selected.flatMap(ofLedger).map((detector) => armOne(detector, config));
  return { armed, ledger, site: siteOf(config), suppressions: createSuppressions(config.suppressions ?? []) };
}

const isOfEvents = (detector: Detector): detector is EventDetector => detector.kind === "event";

function armOne<D extends Detector>(detector: D, config: Config): Armed<D> {
  const own = config.detectors?.[detector.meta.id];
  const meta: DetectorMeta = own?.status === undefined ? detector.meta : { ...detector.meta, status: own.status };
  return {
    detector: { ...detector, meta },
    params: { ...defaultsOf(detector.params), ...own?.params },
    severity: own?.severity ?? meta.severity,
  };
}

/** Every name by which a detector can be chosen. */
export function namesOf({ id, attack }: Pick<DetectorMeta, "id" | "attack">): readonly string[] {
  return [
    id,
    id.split("/")[0] ?? "",
    ...attack.flatMap(({ tactic, technique }) => [tactic, technique, tacticName(tactic)]),
  ];
}

function select(all: readonly Detector[], { only, skip }: Selection): readonly Detector[] {
  const named = (names: readonly string[]) => {
    const wanted = new Set(names.map(plain));
    const used = new Set<string>();
    const matching = all.filter(({ meta }) => {
      const hits = namesOf(meta)
        .map(plain)
        .filter((name) => wanted.has(name));
      for (const hit of hits) used.add(hit);
      return hits.length > 0;
    });
    const unknown = names.find((name) => !used.has(plain(name)));
    if (unknown !== undefined)
      throw new CrosstrailError("E_CONFIG", `no detector, group, tactic or technique is named "${unknown}"`, {
        cause: undefined,
      });
    return matching;
  };
  const kept = only === undefined ? all : named(only);
  if (skip === undefined) return kept;
  const skipped = new Set(named(skip));
  const left = kept.filter((detector) => !skipped.has(detector));
  // To look for nothing is to find nothing, which reads like good news.
  if (left.length === 0)
    throw new CrosstrailError("E_CONFIG", "no detector is left of those that are asked for", { cause: undefined });
  return left;
}

/** `Credential Access`, `credential-access` and `credentialaccess` are one name. */
const plain = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, "");

const tacticName = (id: string): string => (Object.hasOwn(tactics, id) ? tactics[id as TacticId] : "");
