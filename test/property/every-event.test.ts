/** That an event is what a record of the stream holds at one place, and each is judged or set aside: by its name, as counts may be right by mistake. What may befall the
 * pipeline besides is in pipeline-faults.test.ts, which asks the same of every event there. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { KinesisStreamRecord } from "aws-lambda";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptOf } from "../../functions/detect/records.ts";
import { podsMade } from "../support/event-probe.ts";
import { type Pieces, poison, recordsOf, spoiled } from "../support/marked-events.ts";
import { type Mutant, type Settings, startPipeline } from "../support/pipeline.ts";
import { probes } from "../support/probes.ts";
import { scenario } from "../support/scenario.ts";
import { audit } from "../support/trails.ts";

const detectors = [...probes, podsMade];
/** It concerns nobody, when it is known that there was one. */
const lease = (at: string): string =>
  audit(at, {
    verb: "update",
    requestURI: "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler",
    user: { username: "system:kube-scheduler", groups: ["system:authenticated"] },
    objectRef: {
      resource: "leases",
      namespace: "kube-system",
      name: "kube-scheduler",
      apiGroup: "coordination.k8s.io",
      apiVersion: "v1",
    },
  });
const part = scenario
  .slice(0, 24)
  .flatMap((line, index) => (index % 4 === 3 ? [line, lease(`10:5${index % 10}`)] : [line]));

/** Reads a stream to its end, and then, when all is mended, what was kept aside. */
async function read(records: readonly Pieces[], settings: Partial<Settings> = {}) {
  const { put, detect, redrive, mend, book, kept } = startPipeline({ detectors, ...settings });
  put(records);
  await detect();
  const fates = book.fates();
  const aside = kept.size;
  const trouble = book.afterReading([...kept.values()]);
  mend();
  await redrive();
  return { fates, aside, trouble: [...new Set([...trouble, ...book.atLast([...kept.values()])])] };
}

describe("every event", () => {
  it("that is judged is parsed, or known by its text", async () => {
    const { fates } = await read(recordsOf(part, 3));
    expect(new Set(fates.flat())).toEqual(new Set(["judged", "screened"]));
  });

  it("is judged or set aside, once, wherever among them something cannot be read", async () => {
    const places = fc.array(fc.nat({ max: part.length }), { maxLength: 4 });
    const mapping = fc.record({ batchSize: fc.integer({ min: 1, max: 9 }), shards: fc.integer({ min: 1, max: 2 }) });
    const size = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(places, places, size, mapping, async (broken, poisoned, most, settings) => {
        const clean = recordsOf(spoiled(part, broken), most);
        const records = poisoned.reduce((all, at) => all.toSpliced(at, 0, poison), clean);
        const { fates, trouble } = await read(records, settings);
        expect(trouble).toEqual([]);
        expect(fates.map(({ length }) => length)).toEqual(fates.map(() => 1));
        const aside = fates.flat().filter((fate) => fate === "set aside");
        expect([aside.length, fates.length - aside.length]).toEqual([broken.length + poisoned.length, part.length]);
      }),
      { numRuns: 25 },
    );
  });
});

/** A record whose lines are others. */
function withLines(record: KinesisStreamRecord, change: (lines: readonly unknown[]) => readonly unknown[]) {
  const { logEvents, ...rest } = JSON.parse(gunzipSync(Buffer.from(record.kinesis.data, "base64")).toString());
  const data = gzipSync(JSON.stringify({ ...rest, logEvents: change(logEvents) })).toString("base64");
  return { ...record, kinesis: { ...record.kinesis, data } };
}

const reading = (change: (lines: readonly unknown[]) => readonly unknown[]): Mutant => ({
  detect: (inner) => (event, context) =>
    inner({ Records: event.Records.map((record) => withLines(record, change)) }, context),
});

describe("the proof fails where", () => {
  const records = recordsOf(part, 3);
  /** The second batch is to come again. */
  const again: Partial<Settings> = {
    batchSize: 4,
    luck: (port, call) => (port === "clock" && call === 2 ? "fails" : "fine"),
  };

  it("nothing is wrong: not at all", async () => {
    expect((await read(records, again)).trouble).toEqual([]);
  });

  it("one event of a record is never looked at", async () => {
    const mutant = reading((lines) => (lines.length > 1 ? lines.slice(0, -1) : lines));
    const { trouble } = await read(records, { mutant });
    expect(trouble).toContainEqual(expect.stringMatching(/^confirmed: nothing: shardId-\d+ \d+ [12]$/));
    expect(trouble).toContainEqual(expect.stringMatching(/^neither judged nor set aside: shardId-\d+ \d+ [12]$/));
  });

  it("one event of a record is judged twice in place of another, and all counts are right", async () => {
    const mutant = reading((lines) => [...lines.slice(0, -1), lines[0]]);
    const { trouble } = await read(records, { mutant });
    expect(trouble.filter((what) => what.startsWith("counted"))).toEqual([]);
    expect(trouble).toContainEqual(expect.stringMatching(/^neither judged nor set aside: shardId-\d+ \d+ [12]$/));
  });

  it("one record too many is confirmed", async () => {
    const detect: Mutant["detect"] = (inner) => async (event, context) => {
      const [failed] = (await inner(event, context)).batchItemFailures;
      const at = event.Records.findIndex(({ kinesis }) => kinesis.sequenceNumber === failed?.itemIdentifier);
      const next = failed === undefined ? undefined : event.Records[at + 1]?.kinesis.sequenceNumber;
      return { batchItemFailures: next === undefined ? [] : [{ itemIdentifier: next }] };
    };
    const { trouble } = await read(records, { ...again, mutant: { detect } });
    expect(trouble).toContainEqual(expect.stringMatching(/^neither judged nor set aside: /));
  });

  it("one record too few is confirmed: it is judged, and asked for again", async () => {
    const detect: Mutant["detect"] = (inner) => async (event, context) => {
      const answer = await inner(event, context);
      const first = event.Records[0]?.kinesis.sequenceNumber ?? "";
      const once = event.Records.length > 1 && answer.batchItemFailures.length === 0;
      return once && !seen.has(first) && seen.add(first) ? { batchItemFailures: [{ itemIdentifier: first }] } : answer;
    };
    const seen = new Set<string>();
    const { trouble } = await read(records, { mutant: { detect } });
    expect(trouble).toContainEqual(expect.stringMatching(/^asked for again: (?:judged|screened): /));
  });

  it("a record that is judged is kept as well, and judged once more", async () => {
    let keep: ((record: KinesisStreamRecord) => Promise<void>) | undefined;
    const mutant: Mutant = {
      parts(parts) {
        keep = (record) => parts.quarantine.keep(keptOf(record, [{ code: "E_BUG", message: "no reason" }]));
        return parts;
      },
      detect: (inner) => async (event, context) => {
        const answer = await inner(event, context);
        for (const record of event.Records.slice(0, 1)) await keep?.(record);
        return answer;
      },
    };
    const { trouble } = await read(records, { mutant });
    expect(trouble).toContainEqual(expect.stringMatching(/^confirmed, and kept as well: /));
  });

  it("a record is kept where a redrive finds it twice, or not at all", async () => {
    const all = [...records, poison];
    const twice: Mutant["parts"] = (parts) => ({
      ...parts,
      quarantine: {
        async keep(record) {
          await parts.quarantine.keep(record);
          await parts.quarantine.keep({ ...record, arrived: "2000-01-01T00:00:00.000Z" });
        },
      },
    });
    expect((await read(all, { mutant: { parts: twice } })).trouble).toContainEqual(
      expect.stringMatching(/^set aside, and there 2 times: /),
    );
    const elsewhere: Mutant["parts"] = (parts) => ({
      ...parts,
      quarantine: { keep: (record) => parts.quarantine.keep({ ...record, sequence: "0" }) },
    });
    expect((await read(all, { mutant: { parts: elsewhere } })).trouble).toContainEqual(
      expect.stringMatching(/^set aside, and there 0 times: /),
    );
  });
});
