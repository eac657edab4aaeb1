/** What became of every event on a stream, one by one. An event is what a record holds at one place: its name is the record's shard and sequence number, and that
 * place. Watches `detect` at its ports, and holds against it what it answers and what it counts. */
import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import type { DetectParts } from "../../functions/detect/detect.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import { type Confirmed, type Fate, startAttempts } from "./attempts.ts";
import type { SimRecord } from "./kinesis-stream.ts";
import { isEvent, type Marked, marked, type Pieces } from "./marked-events.ts";
import { envelope } from "./stream.ts";

interface Entry {
  readonly record: SimRecord;
  readonly piece: Marked;
  /** What each invocation made of it that confirmed it. */
  readonly fates: Fate[];
}

const isJudged = (fate: Fate): boolean => fate === "judged" || fate === "screened";
const sums = (all: readonly Fate[]): string =>
  [all.filter(isJudged), all.filter((fate) => fate === "set aside"), all.filter((fate) => fate === "kept")]
    .map(({ length }) => length)
    .join("+");

export function createEventBook() {
  /** By a record's data, which no two have in common but what is put again. */
  const contents = new Map<string, readonly Marked[]>();
  /** By name. */
  const entries = new Map<string, Entry>();
  const trouble: string[] = [];
  let marks = 0;

  const piecesOf = (data: string): readonly Marked[] => contents.get(data) ?? [];
  const nameOf = (shard: string, sequence: string, place: number): string => `${shard} ${sequence} ${place}`;

  /** The data of a record. */
  function encode({ lines, poison }: Pieces): Buffer {
    const pieces = lines.map((line) => {
      marks += 1;
      return { mark: `#${marks}#`, readable: isEvent(line) };
    });
    const texts = lines.map((line, place) => marked(line, pieces[place]?.mark ?? ""));
    const data = poison === true ? Buffer.from(texts.join("\n")) : envelope(texts);
    contents.set(data.toString("base64"), pieces);
    return data;
  }

  /** From now on every event of it has to come to something. */
  function put(record: SimRecord): void {
    for (const [place, piece] of piecesOf(record.data.toString("base64")).entries())
      entries.set(nameOf(record.shardId, record.sequenceNumber, place), { record, piece, fates: [] });
  }

  function note({ eventID, kinesis }: KinesisStreamRecord, done: boolean, confirmed: readonly Confirmed[]): void {
    const [shard = ""] = eventID.split(":");
    for (const [place, { mark, readable }] of piecesOf(kinesis.data).entries()) {
      const name = nameOf(shard, kinesis.sequenceNumber, place);
      const fates = confirmed.filter((one) => one.mark === mark).map(({ fate }) => fate);
      entries.get(name)?.fates.push(...fates);
      const wrong = fates.some((fate) => fate !== "kept" && isJudged(fate) !== readable);
      if (wrong || fates.length !== (done ? 1 : 0))
        trouble.push(`${done ? "confirmed" : "asked for again"}: ${fates.join(" and ") || "nothing"}: ${name}`);
    }
  }

  /** Of one environment, which has one invocation at a time. */
  function watch(parts: DetectParts) {
    const attempts = startAttempts((data) => piecesOf(data).map(({ mark }) => mark));

    /** Each event that an invocation confirms has one fate, as is counted; what it asks for again has none. Where it gives no answer nothing is said. `event`: as it
     * came, whatever the function was given. */
    function ended({ Records }: KinesisStreamEvent, answer?: KinesisStreamBatchResponse): void {
      const { confirmed, counted, kept } = attempts.end();
      if (answer === undefined) return;
      const from = answer.batchItemFailures[0]?.itemIdentifier;
      for (const record of Records) {
        const { sequenceNumber } = record.kinesis;
        const done = from === undefined || BigInt(sequenceNumber) < BigInt(from);
        note(record, done, confirmed);
        if (done && kept.has(sequenceNumber)) trouble.push(`confirmed, and kept as well: ${record.eventID}`);
      }
      const really = sums(confirmed.map(({ fate }) => fate));
      if (sums(counted) !== really) trouble.push(`counted ${sums(counted)} of ${really}`);
    }

    return { parts: attempts.watched(parts), ended };
  }

  const forgotten = (): readonly string[] =>
    [...entries].flatMap(([name, { fates }]) => (fates.length === 0 ? [`neither judged nor set aside: ${name}`] : []));

  /** What is wrong when the stream was read to its end. `kept`: what a redrive would find. */
  function afterReading(kept: readonly KeptRecord[]): readonly string[] {
    const lost = [...entries].flatMap(([name, { record, fates }]) => {
      const waits = kept.filter(
        ({ shard, sequence }) => shard === record.shardId && sequence === record.sequenceNumber,
      );
      return fates.every(isJudged) || waits.length === 1 ? [] : [`set aside, and there ${waits.length} times: ${name}`];
    });
    return [...trouble, ...forgotten(), ...lost];
  }

  /** The same when all is mended and was put again, under whichever name: what can be read is judged, and what cannot be waits, once. */
  function atLast(kept: readonly KeptRecord[]): readonly string[] {
    const byMark = Map.groupBy(entries.values(), ({ piece }) => piece.mark);
    const wrong = [...byMark].flatMap(([mark, all]) => {
      const readable = all.every(({ piece }) => piece.readable);
      const judged = all.some(({ fates }) => fates.some(isJudged));
      const waits = kept.filter(({ data }) => piecesOf(data).some((piece) => piece.mark === mark));
      const right = readable ? judged : !judged && waits.length === 1;
      return right ? [] : [`in the end ${judged ? "judged" : "not judged"}, and there ${waits.length} times: ${mark}`];
    });
    return [...trouble, ...forgotten(), ...wrong];
  }

  return {
    ...{ encode, put, watch, afterReading, atLast },
    /** Of every event that was put, in order. */
    fates: (): readonly (readonly Fate[])[] => [...entries.values()].map(({ fates }) => fates),
  };
}
