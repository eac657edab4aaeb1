import { existsSync } from "node:fs";
import type { Kind } from "../../detectors/ledger/entities.ts";
import { OVERFLOW, type State } from "../../detectors/ledger/facts.ts";
import { valuesOf } from "../../detectors/ledger/view.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import type { Store } from "../ledger/ports.ts";
import { type Chapter, storyOf, subjectsNamed } from "../ledger/story.ts";
import { safe, safeJson, styleOf, wantsColour } from "../terminal.ts";

/** Opens a ledger that is there already. Loaded only where it is asked for: Node 22 warns that its SQLite is experimental. */
export async function openLedger(file: string, { create = false } = {}): Promise<Store> {
  if (!create && !existsSync(file))
    throw new CrosstrailError("E_CONFIG", `${file}: no such ledger; crosstrail replay --ledger ${file} makes one`, {
      cause: undefined,
    });
  const { openSqliteStore } = await import("../adapters/ledger/sqlite.ts");
  return openSqliteStore(file);
}

interface StoryOptions {
  readonly ledger: string;
  readonly format: "text" | "json";
  readonly color: boolean;
}

/** Prints an entity's timeline and those of the entities that it is linked to. Throws E_CONFIG when the ledger knows nobody of that name. */
export async function story(name: string, { ledger, format, color }: StoryOptions): Promise<void> {
  const store = await openLedger(ledger);
  try {
    const subjects = await subjectsNamed(store, name);
    if (subjects.length === 0)
      throw new CrosstrailError("E_CONFIG", `${ledger}: nothing is known of "${name}"`, { cause: undefined });
    const seen = new Set<string>();
    for (const subject of subjects) {
      const chapters = (await storyOf(store, subject)).filter(({ kind, id }) => !seen.has(`${kind}/${id}`));
      for (const { kind, id } of chapters) seen.add(`${kind}/${id}`);
      for (const chapter of chapters) print(chapter, format, color);
    }
  } finally {
    store.close();
  }
}

function print(chapter: Chapter, format: StoryOptions["format"], color: boolean): void {
  if (format === "json") {
    console.log(safeJson(chapter));
    return;
  }
  const style = styleOf(wantsColour(process.stdout, color, process.env));
  console.log(style.bold(safe(`${chapter.kind} ${chapter.id}`)));
  for (const { at, text, event } of chapter.lines)
    console.log(`  ${(at ?? "").slice(0, 19).padEnd(19)}  ${safe(text)}  ${style.dim(safe(`[${event}]`))}`);
  if (chapter.incomplete.length > 0) console.log(`  more was told than is kept of: ${chapter.incomplete.join(", ")}`);
}

/** How much a ledger holds. */
export async function stats(file: string): Promise<void> {
  const store = await openLedger(file);
  const { entities, facts, due } = await store.stats();
  store.close();
  const kinds = (Object.entries(entities) as [Kind, number][]).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [kind, count] of kinds) console.log(`${kind.padEnd(12)} ${count.toLocaleString("en")}`);
  console.log(`${facts.toLocaleString("en")} facts, ${due.toLocaleString("en")} verdicts not yet due`);
}

/** Every entity, one a line of JSON. */
export async function exported(file: string): Promise<void> {
  const store = await openLedger(file);
  for await (const state of store.all()) console.log(safeJson(entityOf(state)));
  store.close();
}

const entityOf = (state: State): object => ({
  kind: state.kind,
  id: state.id,
  facts: Object.fromEntries(
    [...state.sets.keys()].filter((name) => name !== OVERFLOW).map((name) => [name, valuesOf(state, name)]),
  ),
  overflow: [...(state.sets.get(OVERFLOW)?.keys() ?? [])],
});

/** Removes what has outlived its time. */
export async function prune(file: string): Promise<void> {
  const store = await openLedger(file);
  const gone = await store.prune(Date.now());
  store.close();
  console.log(`${gone.toLocaleString("en")} entities removed`);
}
