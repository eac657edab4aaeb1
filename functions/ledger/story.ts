import { entities, type Kind } from "../../detectors/ledger/entities.ts";
import {
  attributeOf,
  decode,
  eventIn,
  knownSince,
  OVERFLOW,
  type Ref,
  type State,
} from "../../detectors/ledger/facts.ts";
import { valuesOf } from "../../detectors/ledger/view.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { cut, redact } from "../../schemas/redact.ts";
import type { LedgerAdmin, LedgerStore } from "./ports.ts";

/** One sentence of a story, and the event that it rests on. */
export interface Line {
  /** ISO 8601; undefined where the fact has no time of its own. */
  readonly at?: string;
  readonly text: string;
  readonly event: string;
}

/** What the ledger knows of one entity. */
export interface Chapter extends Ref {
  readonly lines: readonly Line[];
  /** Attributes of which more was told than is kept. */
  readonly incomplete: readonly string[];
}

const MAX_CHAPTERS = 40;
const MAX_DISTANCE = 2;

/** The story of an entity and of those that it is linked to, nearest first. */
export async function storyOf(store: LedgerStore, subject: Ref): Promise<readonly Chapter[]> {
  const chapters: Chapter[] = [];
  const seen = new Set<string>();
  let round: readonly Ref[] = [subject];
  for (let distance = 0; distance <= MAX_DISTANCE && round.length > 0; distance += 1) {
    const fresh = round.filter(({ kind, id }) => !seen.has(`${kind}/${id}`));
    for (const { kind, id } of fresh) seen.add(`${kind}/${id}`);
    const states = (await store.read(fresh.slice(0, MAX_CHAPTERS - chapters.length))).filter(
      ({ sets }) => sets.size > 0,
    );
    chapters.push(...states.map(chapterOf));
    round = states.flatMap(linksOf);
  }
  return chapters;
}

function chapterOf(state: State): Chapter {
  const { kind, id, sets } = state;
  const lines = [...sets].flatMap(([attribute, values]) =>
    attribute === OVERFLOW
      ? []
      : [...values].map(([value, source]): Line => {
          const parts = decode(kind, attribute, value);
          const { says, bucketMs } = attributeOf(kind, attribute);
          const text = says.replace(/\{(\w+)\}/g, (_, field: string) => parts[field] || "?");
          const at = timeIn(parts.time, knownSince(source), bucketMs);
          return { ...(at && { at }), text, event: eventIn(source) };
        }),
  );
  // Facts that differ in what no sentence says are one to a reader.
  const told = new Map(lines.map((line) => [`${line.at} ${line.text} ${line.event}`, line]));
  // What has no time is what the entity is; it stands first.
  const sorted = [...told.values()].sort((a, b) => ((a.at ?? "") + a.text < (b.at ?? "") + b.text ? -1 : 1));
  return { kind, id, lines: sorted, incomplete: [...(sets.get(OVERFLOW)?.keys() ?? [])].sort() };
}

/** A time that was rounded down is that of no event: then that of the first event of its bucket, which told it. What was told ahead has none there. */
function timeIn(time: string | undefined, since: string, bucketMs = 1): string | undefined {
  if (time === undefined || time === "") return undefined;
  const late = Date.parse(since) - Date.parse(time);
  return late > 0 && late < bucketMs ? since : time;
}

const linksOf = ({ kind, sets }: State): Ref[] =>
  [...sets].flatMap(([attribute, values]) => {
    const link = attribute === OVERFLOW ? undefined : attributeOf(kind, attribute).link;
    return link === undefined
      ? []
      : [...values.keys()].flatMap((value) => {
          const { id } = decode(kind, attribute, value);
          return id ? [{ kind: link as Kind, id }] : [];
        });
  });

const MAX_LINES = 60;

/** Findings about entities with the stories of these: read when all is merged, so that each tells what is known by now. */
export async function withStories(store: LedgerStore, findings: readonly Finding[]): Promise<readonly Finding[]> {
  return Promise.all(
    findings.map(async (finding) => {
      if (finding.entity === undefined) return finding;
      const { kind, id } = finding.entity;
      const chapters = await storyOf(store, { kind: kind as Kind, id });
      const story = chapters.flatMap(({ kind: about, id: whose, lines }) =>
        lines.map(({ at, text, event }) => ({
          ...(at !== undefined && { at }),
          ...{ about: `${about} ${cut(redact(whose), 256)}`, text: cut(redact(text), 512), event },
        })),
      );
      return { ...finding, story: story.slice(0, MAX_LINES) };
    }),
  );
}

/** The entities that a name stands for: an instance or resource id, a pod's uid or `namespace/name`, a session, a JTI, an access key, a
 * role. Looks through all of the ledger: what an analyst has is seldom a whole id. */
export async function subjectsNamed(store: LedgerAdmin, name: string): Promise<readonly Ref[]> {
  const found: Ref[] = [];
  for await (const state of store.all()) {
    const { kind, id } = state;
    if (answersTo(kind, id, name) || sessionsOf(state).includes(name)) found.push({ kind, id });
  }
  return found;
}

/** AWS sessions that an entity stands for, whole (`AROA…:name`) and by their names: a pod for its own, a key where nothing is known of a pod. */
function sessionsOf(state: State): readonly string[] {
  if (state.kind === "pod")
    return [...(state.sets.get("session")?.keys() ?? [])].flatMap((one) => [one, one.replace(/^[^:]*:/, "")]);
  if (state.kind !== "key") return [];
  const named = valuesOf(state, "issued").flatMap(({ to, whom = "" }) => (to === "node" ? [] : whom));
  return named.filter((whom) => !whom.includes("/"));
}

/** A whole id, its last parts, or what stands before the day of a long-lived key. */
function answersTo(kind: Kind, id: string, name: string): boolean {
  if (id === name || id === `JTI=${name}` || id.startsWith(`${name}@`)) return true;
  return entities[kind].key.length > 1 || kind === "role" ? id.endsWith(`/${name}`) : false;
}
