import type { Detector } from "../../detectors/ledger/contracts.ts";
import type { Store } from "../../functions/ledger/ports.ts";
import { createPrograms, type Program } from "../../functions/runtime/program.ts";

/** The program of no configuration, over a ledger. */
export const programOf = (detectors: readonly Detector[], store: Store): (() => Promise<Program>) =>
  createPrograms({
    ...{ detectors, store, now: () => 0, region: "eu-central-1" },
    configured: async () => ({ config: { version: 1 }, version: "default" }),
  });
