import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import type { Sample } from "../../detectors/core/settings.ts";
import { arm, type Settings } from "../../detectors/core/settings.ts";
import type { Detector } from "../../detectors/ledger/contracts.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import type { Config } from "../../schemas/config/config.ts";
import { UNKNOWN } from "../../schemas/events/event.ts";
import { CAPACITY } from "../capacity.ts";
import { createEngine, type Engine } from "../ledger/engine.ts";
import type { DueStore, LedgerStore } from "../ledger/ports.ts";
import { createRecall } from "../ledger/recall.ts";
import { createSchool } from "../ledger/school.ts";
import type { Judge } from "../pipeline/judge.ts";
import type { Configured } from "./config-source.ts";

/** One version of the configuration, in place. */
export interface Program {
  readonly settings: Settings;
  readonly judge: Omit<Judge, "tally" | "onAside">;
  readonly ledger: Engine;
  /** What the configuration is, and what is wrong with it. */
  readonly configured: Configured;
}

export interface ProgramOptions {
  readonly configured: () => Promise<Configured>;
  readonly detectors: readonly Detector[];
  /** All detectors are on trial whose status the configuration does not name. Default: as they say themselves. */
  readonly trial?: boolean;
  readonly store: LedgerStore & DueStore;
  readonly now: () => number;
  /** Of audit events whose envelope does not tell: that of the stream. */
  readonly region: string;
  /** Facts and lessons that need not be written again, and requests whose auditID is remembered: each takes memory of a fixed size. */
  readonly remembered?: number;
}

/** Whether a configuration can be used: rejects with E_CONFIG. `samples`: asked for when there is a configuration, as they are large. */
export const accept =
  (detectors: readonly Detector[], samples: () => Promise<readonly Sample[]>) =>
  async (config: Config): Promise<void> => {
    arm(detectors, config, {}, await samples());
  };

/** A configuration that puts all detectors in shadow whose status it does not name: a deployment that begins on trial promotes one by one. */
const onTrial = (detectors: readonly Detector[], config: Config): Config => ({
  ...config,
  detectors: Object.fromEntries(
    detectors.map(({ meta: { id } }) => [id, { status: "shadow" as const, ...config.detectors?.[id] }]),
  ),
});

/** The program of the configuration that stands now. What it remembers outlasts a new version: facts are facts under any of them. */
export function createPrograms(options: ProgramOptions): () => Promise<Program> {
  const { configured, detectors, trial = false, store, now, region, remembered } = options;
  const recall = createRecall(remembered ?? CAPACITY.facts);
  const auditIds = createAuditIdMemory(remembered ?? CAPACITY.auditIds);
  const school = createSchool(auditLearners, callLearners, remembered ?? CAPACITY.lessons);
  let last: Program | undefined;

  function build(found: Configured): Program {
    const settings = arm(detectors, trial ? onTrial(detectors, found.config) : found.config, {}, []);
    const { armed, ledger, site, suppressions } = settings;
    return {
      settings,
      configured: found,
      judge: {
        ...{ school, auditIds },
        chain: createChain(armed, site, suppressions),
        screen: createScreen(armed.map(({ detector }) => detector)),
        unwrapping: { scope: { account: UNKNOWN, region, cluster: UNKNOWN } },
      },
      ledger: createEngine({ ...{ store, recall, armed: ledger }, ...{ site, suppressions, now } }),
    };
  }

  return async () => {
    const found = await configured();
    if (last === undefined || last.configured.version !== found.version) last = build(found);
    else if (last.configured !== found) last = { ...last, configured: found };
    return last;
  };
}
