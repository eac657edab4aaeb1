/** The whole chain of a replay over a flood of names, and what it takes. */
import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import { attributeOf, OVERFLOW, type State } from "../../detectors/ledger/facts.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { registry } from "../../detectors/registry.ts";
import { CAPACITY } from "../../functions/capacity.ts";
import { createFindingBook, type FindingBook } from "../../functions/findings/book.ts";
import { createEngine } from "../../functions/ledger/engine.ts";
import type { Store } from "../../functions/ledger/ports.ts";
import { createRecall } from "../../functions/ledger/recall.ts";
import { createSchool } from "../../functions/ledger/school.ts";
import { createFrames } from "../../functions/pipeline/decode/frame.ts";
import { judgeChunk } from "../../functions/pipeline/judge.ts";
import { createTally } from "../../functions/pipeline/tally.ts";
import { type Flood, flood } from "./flood.ts";
import { scope } from "./sample.ts";

export interface Flooded extends Flood {
  readonly store: Store;
  readonly book?: FindingBook;
  /** Called now and then, with the events so far. */
  readonly onProgress?: (events: number) => void;
}

/** Gives how many sets overflowed, and how many findings there are. */
export async function runFlood({ store, book = createFindingBook(), onProgress, ...mix }: Flooded) {
  const settings = arm(registry, { version: 1 }, {}, []);
  const recall = createRecall(CAPACITY.facts);
  const engine = createEngine({ store, recall, armed: settings.ledger, site: settings.site, now: () => 0 });
  const school = createSchool(auditLearners, callLearners);
  const auditIds = createAuditIdMemory(CAPACITY.auditIds);
  const judge = {
    chain: createChain(settings.armed, settings.site, settings.suppressions),
    screen: createScreen(settings.armed.map(({ detector }) => detector)),
    ...{ school, auditIds, tally: createTally(), unwrapping: { scope } },
  };
  let done = 0;
  for (const lines of flood(mix)) {
    const framer = createFrames({ from: "flood" });
    const frames = [...framer.push(lines.join("\n")), ...framer.end()];
    const { drafts, facts, lessons } = judgeChunk({ frames, bytes: 0 }, judge);
    const taken = await engine.take(facts, drafts);
    book.add([...drafts, ...taken.drafts]);
    taken.remember();
    school.remember(lessons);
    done += lines.length;
    onProgress?.(done);
  }
  return { engine, book, totals: judge.tally.totals(), remembered: recall.bytes + school.bytes + auditIds.bytes };
}

/** A store that keeps nothing: what a function takes beside its table. */
export const keepsNothing = (): Store => ({
  merge: async ({ kind, id }, facts) => ({
    ...{ kind, id },
    sets: new Map(
      [...Map.groupBy(facts, ({ attribute }) => attribute)].map(([attribute, some]) => [
        attribute,
        new Map(some.map(({ value, source }) => [value, source])),
      ]),
    ),
  }),
  read: async (refs) => refs.map(({ kind, id }) => ({ kind, id, sets: new Map() })),
  put: async () => undefined,
  due: async () => [],
  done: async () => undefined,
  all: async function* (): AsyncGenerator<State> {
    // There is none.
  },
  prune: async () => 0,
  stats: async () => ({ entities: {}, facts: 0, due: 0, overflows: {} }),
  close: () => undefined,
});

export interface KindSize {
  readonly entities: number;
  readonly facts: number;
  readonly bytes: number;
  readonly largest: number;
  /** Values beyond the cap of the fullest of its sets: of one merge. */
  readonly beyond: number;
}

/** What each kind of entity takes, as an item of DynamoDB would. */
export async function sizesOf(store: Store): Promise<ReadonlyMap<string, KindSize>> {
  const sizes = new Map<string, KindSize>();
  for await (const { kind, sets } of store.all()) {
    const known = sizes.get(kind) ?? { entities: 0, facts: 0, bytes: 0, largest: 0, beyond: 0 };
    let [bytes, facts, beyond] = [0, 0, known.beyond];
    for (const [attribute, values] of sets) {
      facts += values.size;
      if (attribute !== OVERFLOW) beyond = Math.max(beyond, values.size - attributeOf(kind, attribute).cap);
      for (const [value, source] of values) bytes += attribute.length + 1 + value.length + source.length;
    }
    sizes.set(kind, {
      ...{ entities: known.entities + 1, facts: known.facts + facts, bytes: known.bytes + bytes },
      ...{ largest: Math.max(known.largest, bytes), beyond },
    });
  }
  return sizes;
}
