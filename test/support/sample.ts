import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import type { EventDetector } from "../../detectors/core/contracts.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import { eventDetectors } from "../../detectors/registry.ts";
import { createFindingBook } from "../../functions/findings/book.ts";
import { createFrames } from "../../functions/pipeline/decode/frame.ts";
import { judgeChunk } from "../../functions/pipeline/judge.ts";
import type { SetAside } from "../../functions/pipeline/records.ts";
import { createTally, type Totals } from "../../functions/pipeline/tally.ts";
import type { Config } from "../../schemas/config/config.ts";
import type { Finding } from "../../schemas/findings/finding.ts";

export const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };

export interface FlowOptions {
  readonly detectors?: readonly EventDetector[];
  readonly config?: Config;
  readonly screen?: boolean;
  /** Sizes of the pieces that the text is fed in; default: at once. */
  readonly cuts?: number;
}

export interface Flow {
  readonly findings: readonly Finding[];
  readonly totals: Totals;
  readonly aside: readonly SetAside[];
}

/** The whole flow over texts in wire form, in memory: framing, unwrapping, screen, normalising, detectors, merging. */
export function flow(texts: readonly string[], options: FlowOptions = {}): Flow {
  const detectors = options.detectors ?? eventDetectors;
  const { armed, site, suppressions } = arm(detectors, options.config ?? { version: 1 }, {}, []);
  const chain = createChain(armed, site, suppressions);
  const tally = createTally();
  const aside: SetAside[] = [];
  const book = createFindingBook();
  const screen = options.screen === false ? { audit: () => true, cloudtrail: () => true } : createScreen(detectors);
  const judge = {
    chain,
    screen,
    auditIds: createAuditIdMemory(10_000),
    tally,
    unwrapping: { scope },
    onAside: (piece: SetAside) => aside.push(piece),
  };
  for (const [index, text] of texts.entries()) {
    const framer = createFrames({ from: `input-${index}` });
    const size = options.cuts ?? text.length + 1;
    for (let at = 0; at < text.length; at += size)
      book.add(judgeChunk({ frames: framer.push(text.slice(at, at + size)), bytes: 0 }, judge).drafts);
    book.add(judgeChunk({ frames: framer.end(), bytes: 0 }, judge).drafts);
  }
  return { findings: book.all(), totals: tally.totals(), aside };
}

/** Findings of one sample file under the detector with this id alone. */
export function judgeSample(text: string, id: string): readonly Finding[] {
  return flow([text], { detectors: eventDetectors.filter(({ meta }) => meta.id === id) }).findings;
}
