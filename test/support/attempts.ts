/** What an environment of `detect` does with events, as its ports have it: which of them it judges, which it keeps, and what of that it confirms. */
import type { DetectParts } from "../../functions/detect/detect.ts";
import type { Program } from "../../functions/runtime/program.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import { markIn, markOf } from "./marked-events.ts";

/** `screened`: judged by its text alone. `set aside`: as it cannot be read. `kept`: its whole record was, for what befell that. */
export type Fate = "judged" | "screened" | "set aside" | "kept";

export interface Confirmed {
  readonly mark: string;
  readonly fate: Fate;
}

/** Of an invocation that has ended. */
interface Ended {
  readonly confirmed: readonly Confirmed[];
  /** What the metrics say of it. */
  readonly counted: readonly Exclude<Fate, "screened">[];
  /** By sequence number: what was kept when nothing came of it, or all had come of it. */
  readonly kept: ReadonlyMap<string, KeptRecord>;
}

/** Its verdict is missing: judged, and kept until the detector is mended. */
const isVerdict = ({ code }: KeptRecord["reasons"][number]): boolean => code === "E_DETECTOR";
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

/** `marksOf`: of the data of a record. */
export function startAttempts(marksOf: (data: string) => readonly string[]) {
  const fresh = () => ({ judged: [] as Confirmed[], kept: new Map<string, KeptRecord>() });
  /** Since the last batch ended, in whatever way. */
  let batch = fresh();
  /** Since the last invocation did. */
  let confirmed: Confirmed[] = [];
  let counted: Ended["counted"][number][] = [];

  /** All of the batch is out: what was kept beside it is what was set aside of it. */
  function out(): void {
    confirmed.push(...batch.judged);
    for (const { reasons, data } of batch.kept.values())
      for (const { message } of reasons.filter((reason) => !isVerdict(reason)))
        confirmed.push({ mark: markIn(message) || marksOf(data).join(), fate: "set aside" });
    batch = fresh();
  }

  function whole(): void {
    for (const { data } of batch.kept.values())
      for (const mark of marksOf(data)) confirmed.push({ mark, fate: "kept" });
    batch = fresh();
  }

  function watchedJudge({ chain, screen, ...judge }: Program["judge"]): Program["judge"] {
    const seen = (text: string, wanted: boolean): boolean => {
      if (!wanted) batch.judged.push({ mark: markOf(text), fate: "screened" });
      return wanted;
    };
    return {
      ...judge,
      chain: {
        ...chain,
        judge(event) {
          const mark = markOf(JSON.stringify(event.record));
          // No detector wants it, and the ledger does.
          if (batch.judged.at(-1)?.mark === mark && batch.judged.at(-1)?.fate === "screened") batch.judged.pop();
          batch.judged.push({ mark, fate: "judged" });
          return chain.judge(event);
        },
      },
      screen: {
        audit: (peeked) => seen(peeked.tail, screen.audit(peeked)),
        cloudtrail: (text) => seen(text, screen.cloudtrail(text)),
      },
    };
  }

  const watched = (parts: DetectParts): DetectParts => ({
    ...parts,
    async program() {
      const program = await parts.program();
      return { ...program, judge: watchedJudge(program.judge) };
    },
    quarantine: {
      async keep(record) {
        await parts.quarantine.keep(record);
        batch.kept.set(record.sequence, record);
      },
    },
    meter: {
      ...parts.meter,
      totals(totals) {
        out();
        counted.push(...times(totals.judged, "judged" as const), ...times(totals.setAside, "set aside" as const));
        parts.meter.totals(totals);
      },
      count(name: string, value: number) {
        // What was judged and kept of a batch that failed is not confirmed: its records come again, or are tried alone.
        if (name === "BatchFailed") batch = fresh();
        if (name !== "EventsKeptAside") return;
        whole();
        counted.push(...times(value, "kept" as const));
      },
    },
  });

  function end(): Ended {
    const ended = { confirmed, counted, kept: batch.kept };
    [batch, confirmed, counted] = [fresh(), [], []];
    return ended;
  }

  return { watched, end };
}
