import { existsSync } from "node:fs";
import type { Kind } from "../../detectors/ledger/entities.ts";
import { OVERFLOW, type Ref, type State } from "../../detectors/ledger/facts.ts";
import { valuesOf } from "../../detectors/ledger/view.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import type { Findings } from "../findings/ports.ts";
import type { Store } from "../ledger/ports.ts";
import { type Chapter, storyOf, subjectsNamed } from "../ledger/story.ts";
import { safe, safeJson, styleOf, wantsColour } from "../terminal.ts";
import { overflowLines } from "./overflow.ts";

/** Opens the ledger of a file. Loaded only where it is asked for: Node 22 warns that its SQLite is experimental. */
export async function openLedger(file: string, { create = false } = {}): Promise<Store> {
  if (!create && !existsSync(file))
    throw new CrosstrailError("E_CONFIG", `${file}: no such ledger; crosstrail replay --ledger ${file} makes one`, {
      cause: undefined,
    });
  const { openSqliteStore } = await import("../adapters/ledger/sqlite.ts");
  return openSqliteStore(file);
}

/** Opens the findings beside a ledger that has been opened. */
export async function openFindings(file: string): Promise<Findings> {
  const { openSqliteFindings } = await import("../adapters/findings/sqlite.ts");
  return openSqliteFindings(file);
}

/** Both, closed when the work is done. */
async function withLedger(file: string, work: (ledger: Store, findings: Findings) => Promise<void>): Promise<void> {
  const ledger = await openLedger(file);
  const findings = await openFindings(file);
  try {
    await work(ledger, findings);
  } finally {
    findings.close();
    ledger.close();
  }
}

interface StoryOptions {
  readonly ledger: string;
  readonly format: "text" | "json";
  readonly color: boolean;
}

/** Prints the timeline of an entity, or of a finding and its entity, and those of the entities that it is linked to. Throws E_CONFIG when the
 * ledger knows nobody of that name. */
export async function story(name: string, { ledger: file, format, color }: StoryOptions): Promise<void> {
  await withLedger(file, async (ledger, findings) => {
    const [kept] = await findings.read([name]);
    const subjects = kept === undefined ? await subjectsNamed(ledger, name) : subjectOf(kept.draft.finding);
    if (kept === undefined && subjects.length === 0)
      throw new CrosstrailError("E_CONFIG", `${file}: nothing is known of "${name}"`, { cause: undefined });
    if (kept !== undefined) print(chapterOf(kept.draft.finding), format, color);
    const seen = new Set<string>();
    for (const subject of subjects) {
      const chapters = (await storyOf(ledger, subject)).filter(({ kind, id }) => !seen.has(`${kind}/${id}`));
      for (const { kind, id } of chapters) seen.add(`${kind}/${id}`);
      for (const chapter of chapters) print(chapter, format, color);
    }
  });
}

const subjectOf = ({ entity }: Finding): readonly Ref[] =>
  entity === undefined ? [] : [{ kind: entity.kind as Kind, id: entity.id }];

/** A finding as the first chapter of its story. */
function chapterOf({ id, severity, title, firstSeen, lastSeen, eventsTotal, events, detector, reasons }: Finding) {
  const [event = ""] = events;
  const lines = [
    { at: firstSeen, text: `${severity}: ${title} (${detector})`, event },
    ...reasons.map((text) => ({ text, event })),
    { at: lastSeen, text: `last seen, ${eventsTotal} event${eventsTotal === "1" ? "" : "s"} in all`, event },
  ];
  return { kind: "finding", id, lines, incomplete: [] };
}

function print(
  chapter: Omit<Chapter, "kind"> & { readonly kind: string },
  format: StoryOptions["format"],
  color: boolean,
): void {
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

const many = (count: number, what: string): string => `${n(count)} ${what}${count === 1 ? "" : "s"}`;

/** How much a ledger holds. */
export const stats = (file: string): Promise<void> =>
  withLedger(file, async (ledger, findings) => {
    const { entities, facts, due, overflows } = await ledger.stats();
    const kinds = (Object.entries(entities) as [Kind, number][]).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [kind, count] of kinds) console.log(`${kind.padEnd(12)} ${n(count)}`);
    const [told, waiting, found] = [many(facts, "fact"), many(due, "verdict"), many(await findings.count(), "finding")];
    console.log(`${told}, ${waiting} not yet due, ${found}`);
    for (const line of overflowLines(new Map(Object.entries(overflows)))) console.log(line);
  });

/** Every entity and every finding, one a line of JSON. */
export const exported = (file: string): Promise<void> =>
  withLedger(file, async (ledger, findings) => {
    for await (const state of ledger.all()) console.log(safeJson(entityOf(state)));
    for await (const { draft } of findings.all())
      console.log(safeJson({ kind: "finding", id: draft.finding.id, finding: draft.finding }));
  });

const entityOf = (state: State): object => ({
  kind: state.kind,
  id: state.id,
  facts: Object.fromEntries(
    [...state.sets.keys()].filter((name) => name !== OVERFLOW).map((name) => [name, valuesOf(state, name)]),
  ),
  overflow: [...(state.sets.get(OVERFLOW)?.keys() ?? [])],
});

/** Removes what has outlived its time. */
export const prune = (file: string): Promise<void> =>
  withLedger(file, async (ledger, findings) => {
    const now = Date.now();
    console.log(`${n(await ledger.prune(now))} entities and ${n(await findings.prune(now))} findings removed`);
  });

const n = (value: number): string => value.toLocaleString("en");
