import type { SQSRecord } from "aws-lambda";
import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Letter } from "../../schemas/findings/letter.ts";
import { draftOf } from "../../test/support/drafts.ts";
import { createFindings, type Findings as Service } from "../../test/support/security-hub-rules.ts";
import { contextOf } from "../../test/support/stream.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import { createDesk } from "../findings/desk.ts";
import { createHubPublisher, type Hub, type HubParts } from "./hub.ts";
import { delayOf, type Parked } from "./letters.ts";
import { createReport } from "./report.ts";

const ACCOUNT = "111122223333";
const NOW = Date.UTC(2026, 10, 24);
const log = pino({ level: "silent" });
const KEEP = Date.UTC(2030, 0);

const message = (body: string, index = 0, received = 1): SQSRecord => ({
  ...{ messageId: `m${index}`, receiptHandle: `h${index}`, body, messageAttributes: {}, md5OfBody: "" },
  ...{ eventSource: "aws:sqs", eventSourceARN: `arn:aws:sqs:eu-central-1:${ACCOUNT}:hub`, awsRegion: "eu-central-1" },
  attributes: {
    ...{ ApproximateReceiveCount: String(received), SentTimestamp: "0", SenderId: "s" },
    ApproximateFirstReceiveTimestamp: "0",
  },
});
const takenBy =
  (service: Service): Hub =>
  async (all) =>
    service
      .import({ Findings: all }, 1)
      .FailedFindings.map(({ Id, ErrorCode: code, ErrorMessage: why }) => ({ id: Id, code, message: why }));
const letter = (id: string, rest: Partial<Letter> = {}): string =>
  JSON.stringify({ id, notify: false, severity: "low", ...rest });

interface Change extends Partial<HubParts> {
  readonly hub?: Hub;
}

async function setUp({ hub: given, ...change }: Change = {}, account = ACCOUNT, put?: () => Promise<void>) {
  const store = createMemoryFindings();
  const [one, two] = [draftOf({ on: "one" }), draftOf({ on: "two", severity: "high" })];
  for (const draft of [one, two]) await store.merge(draft, KEEP);
  const service = createFindings({ account: ACCOUNT, region: "eu-central-1" });
  const parked: Parked[] = [];
  const letters: Letter[] = [];
  const delayed: (readonly [string, number])[] = [];
  const counts = new Map<string, number>();
  const waits: (readonly [string, number])[] = [];
  const hub = given ?? takenBy(service);
  const ours = { send: hub, publisher: { account, region: "eu-central-1" } };
  const outbox = async (more: readonly Letter[]): Promise<void> => void letters.push(...more);
  const desk = createDesk({ store, outbox: put ?? outbox, now: () => NOW });
  const meter: HubParts["meter"] = {
    ...{ totals: () => undefined, lag: () => undefined, flush: () => undefined },
    waited: (sink, ms) => void waits.push([sink, ms]),
    count(name: string, value: number, by: Readonly<Record<string, string>> = {}) {
      const key = [name, ...Object.values(by)].join(" ");
      counts.set(key, (counts.get(key) ?? 0) + value);
    },
  };
  const publish = createHubPublisher({
    ...{ store, log, now: () => NOW, hubOf: () => ours },
    delay: async (records, seconds) =>
      void delayed.push(...records.map(({ messageId }) => [messageId, seconds] as const)),
    park: async (what) => void parked.push(what),
    report: createReport({ desk, store, region: "eu-central-1", now: () => NOW, meter, log }),
    meter,
    ...change,
  });
  const send = (bodies: readonly string[], remainingMs = 60_000) =>
    publish({ Records: bodies.map((body, index) => message(body, index)) }, contextOf(remainingMs));
  const ids = [one, two].map(({ finding }) => finding.id) as [string, string];
  return { store, service, parked, letters, delayed, waits, counts, send, hub, publish, ids };
}

const left = ({ batchItemFailures }: Awaited<ReturnType<ReturnType<typeof createHubPublisher>>>) =>
  batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

describe("messages for Security Hub", () => {
  it("bring their findings there as they are now, each once, and go", async () => {
    const { send, service, ids, counts } = await setUp();
    expect(left(await send([letter(ids[0]), letter(ids[1]), letter(ids[0])]))).toEqual([]);
    expect(service.all().map(({ Id }) => Id)).toEqual(ids);
    expect(counts.get("HubPublished")).toBe(2);
  });

  it("stay, put off for longer each time, when the call as a whole fails", async () => {
    const { send, delayed, parked } = await setUp({
      hub: async () => {
        throw new Error("down");
      },
    });
    const other = await setUp();
    expect(left(await send([letter(other.ids[0]), letter(other.ids[1])]))).toEqual(["m0", "m1"]);
    expect(delayed).toEqual([
      ["m0", 15],
      ["m1", 15],
    ]);
    expect(parked).toEqual([]);
    const waits = [1, 2, 3, 6, 7, 8, 900].map((received) => delayOf(message("", 0, received)));
    expect(waits).toEqual([15, 30, 60, 480, 900, 900, 900]);
  });

  it("tell how long the oldest has waited while Security Hub takes none, for an alarm, and nothing when it does", async () => {
    const { send, ids, waits } = await setUp({}, "444455556666");
    await send([letter(ids[0])]);
    expect(waits).toEqual([["security-hub", NOW]]); // sent at time 0
    const well = await setUp();
    await well.send([letter(well.ids[0])]);
    expect(well.waits).toEqual([]);
  });

  it("of another account than Security Hub's stay: it is not the findings' fault", async () => {
    const { send, ids, parked } = await setUp({}, "444455556666");
    expect(left(await send([letter(ids[0])]))).toEqual(["m0"]);
    expect(parked).toEqual([]);
  });

  it.each(["InternalException", "ThrottlingException", "InvalidAccess"])(
    "stay when one finding is not taken for now: %s",
    async (code) => {
      const { ids } = await setUp();
      const { send, parked } = await setUp({ hub: async () => [{ id: ids[0], code, message: "later" }] });
      expect(left(await send([letter(ids[0]), letter(ids[1])]))).toEqual(["m0"]);
      expect(parked).toEqual([]);
    },
  );

  it("stay, all of the call, when it is not told which findings were not taken", async () => {
    const { send, ids } = await setUp({ hub: async () => [{ id: "", code: "InvalidInput", message: "?" }] });
    expect(left(await send([letter(ids[0]), letter(ids[1])]))).toEqual(["m0", "m1"]);
  });

  it("of a finding that is refused for good are parked with the reason, and are one finding on the pipeline's health", async () => {
    const { ids } = await setUp();
    const { send, parked, letters, store, counts } = await setUp({
      hub: async (all) => all.map(({ Id }) => ({ id: Id, code: "InvalidInput", message: "not so" })),
    });
    expect(left(await send([letter(ids[0]), letter(ids[1])]))).toEqual([]);
    expect(parked.map(({ id, code, message: why }) => [id, code, why])).toEqual(
      ids.map((id) => [id, "InvalidInput", "not so"]),
    );
    expect(letters.filter(({ notify }) => notify)).toHaveLength(1);
    const [health] = await store.read([letters[0]?.id ?? ""]);
    expect(health?.draft.finding.detector).toBe("health/refused");
    // As the other functions count: what added to a finding, too.
    const counted = { "FindingsRefused security-hub": 2, "DetectorHits health/refused": 2 };
    expect(Object.fromEntries(counts)).toEqual({ ...counted, HubPublished: 0 });
    // Which is refused itself, and says no more: it would go round.
    const before = letters.length;
    await send(letters.map(({ id }) => letter(id)));
    expect(letters).toHaveLength(before);
    expect(parked).toHaveLength(3);
    expect(counts.get("DetectorHits health/refused")).toBe(2);
  });

  it("count no finding on a refusal that could not be put out", async () => {
    const { send, counts } = await setUp({}, ACCOUNT, async () => {
      throw new Error("no outbox");
    });
    expect(left(await send(["{"]))).toEqual([]);
    expect(Object.fromEntries(counts)).toEqual({ "FindingsRefused security-hub": 1 });
  });

  it("that are none of ours, or whose finding is kept no more, are parked", async () => {
    const { send, parked, ids, service } = await setUp();
    expect(left(await send(["{", "[]", letter("ct-gone"), letter(ids[0])]))).toEqual([]);
    expect(parked.map(({ code, body }) => [code, body])).toEqual([
      ["E_LETTER", "{"],
      ["E_LETTER", "[]"],
      ["E_GONE", letter("ct-gone")],
    ]);
    expect(service.all()).toHaveLength(1);
  });

  it("stay when what is refused cannot be parked", async () => {
    const { send } = await setUp({
      park: async () => {
        throw new Error("no access");
      },
    });
    expect(left(await send(["{"]))).toEqual(["m0"]);
  });

  it("stay when there is no time for a call", async () => {
    const { send, ids, service } = await setUp();
    expect(left(await send([letter(ids[0])], 10_000))).toEqual(["m0"]);
    expect(service.all()).toEqual([]);
  });

  it("of an event that is ahead of our clock are taken all the same", async () => {
    const { send, ids, service } = await setUp({ now: () => Date.UTC(2026, 10, 22) });
    expect(left(await send([letter(ids[0])]))).toEqual([]);
    expect(service.all()).toHaveLength(1);
  });
});

describe("messages of findings of several accounts", () => {
  const OTHER = "444455556666";
  const region = "eu-central-1";

  async function ofTwo(theirs: (service: Service) => Hub = takenBy) {
    const others = createFindings({ account: OTHER, region });
    const send = theirs(others);
    const ours = createFindings({ account: ACCOUNT, region });
    const places = new Map([
      [OTHER, { send, publisher: { account: OTHER, region } }],
      [ACCOUNT, { send: takenBy(ours), publisher: { account: ACCOUNT, region } }],
    ]);
    const own = places.get(ACCOUNT) ?? { send, publisher: { account: ACCOUNT, region } };
    const set = await setUp({ hubOf: (account) => places.get(account) ?? own });
    const ids = await Promise.all(
      [ACCOUNT, OTHER, "777788889999"].map(async (account) => {
        const draft = draftOf({ on: `of ${account}` });
        const { finding } = (await set.store.merge({ ...draft, finding: { ...draft.finding, account } }, KEEP)).draft;
        return finding.id;
      }),
    );
    const shown = (service: Service) =>
      service.all().map(({ Id, AwsAccountId }) => [ids.indexOf(String(Id)), AwsAccountId]);
    return {
      ...set,
      sent: () => set.send(ids.map((id) => letter(id))),
      ours: () => shown(ours),
      others: () => shown(others),
    };
  }

  it("go to the account that each is of, under its name, and to our own where it has no place", async () => {
    const { sent, ours, others } = await ofTwo();
    expect(left(await sent())).toEqual([]);
    expect(others()).toEqual([[1, OTHER]]);
    expect(ours()).toEqual([
      [0, ACCOUNT],
      [2, ACCOUNT],
    ]);
  });

  it("stay while their account takes none, and hold up no other", async () => {
    const { sent, ours, parked } = await ofTwo(() => async () => {
      throw Object.assign(new Error("not authorized to perform: sts:AssumeRole"), { name: "AccessDenied" });
    });
    expect(left(await sent())).toEqual(["m1"]);
    expect(ours().map(([one]) => one)).toEqual([0, 2]);
    expect(parked).toEqual([]);
  });
});

/** Two publishers at one finding, which others raise meanwhile. */
const raced = (change: (store: HubParts["store"], turn: () => Promise<void>) => HubParts["store"]) =>
  fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const store = createMemoryFindings();
    const { finding } = (await store.merge(draftOf({ event: "0" }), KEEP)).draft;
    const turn = (): Promise<void> => scheduler.schedule(Promise.resolve());
    const slow: HubParts["store"] = {
      async stamp(id, now) {
        await turn();
        const stamp = await store.stamp(id, now);
        await turn();
        return stamp;
      },
      async read(ids) {
        await turn();
        const kept = await store.read(ids);
        await turn();
        return kept;
      },
    };
    const service = createFindings({ account: ACCOUNT, region: "eu-central-1" });
    const hub: Hub = async (Findings) => {
      await turn();
      return service.import({ Findings }, 1).FailedFindings.map(({ Id }) => ({ id: Id, code: "", message: "" }));
    };
    const { publish } = await setUp({ store: change(slow, turn), hub });
    const work = [1, 2, 3].map(async (n) => {
      await turn();
      await store.merge(draftOf({ event: String(n), severity: n === 2 ? "high" : "low" }), KEEP);
      await publish({ Records: [message(letter(finding.id))] }, contextOf());
    });
    await scheduler.waitFor(Promise.all(work));
    const [shown] = service.all();
    expect(shown).toMatchObject({
      Severity: { Label: "HIGH" },
      ProductFields: { "crosstrail/Count": "4" },
    });
  });

describe("two publishers of one finding", () => {
  it("leave its last state in Security Hub, whichever is slower", async () => {
    await fc.assert(
      raced((store) => store),
      { numRuns: 60 },
    );
  });

  it("would not, if they read it before they stamp it", async () => {
    const { failed } = await fc.check(
      raced((inner) => {
        const early = new Map<number, Awaited<ReturnType<typeof inner.read>>>();
        let stamped = 0;
        return {
          async stamp(id, now) {
            const kept = await inner.read([id]);
            const stamp = await inner.stamp(id, now);
            stamped = stamp ?? 0;
            early.set(stamped, kept);
            return stamp;
          },
          // Of the stamp that was just given: nothing comes between.
          read: async () => early.get(stamped) ?? [],
        };
      }),
      { numRuns: 200, seed: 1 },
    );
    expect(failed).toBe(true);
  });
});
