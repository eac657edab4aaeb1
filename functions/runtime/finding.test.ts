import { NoSuchKey, type S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Letter } from "../../schemas/findings/letter.ts";
import { clientOf } from "../../test/support/aws.ts";
import { scenario } from "../../test/support/scenario.ts";
import { silentMeter } from "../../test/support/silent-meter.ts";
import { batch, contextOf, envelope, record } from "../../test/support/stream.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import { createDetect } from "../detect/detect.ts";
import { createFindingBook } from "../findings/book.ts";
import { finding } from "./finding.ts";

const PROMOTED = "node-identity/foreign-key";
const env = {
  ...{ CROSSTRAIL_CONFIG_BUCKET: "config", CROSSTRAIL_CONFIG_KEY: "crosstrail.json" },
  CROSSTRAIL_NOTIFY_QUEUE: "https://sqs.eu-central-1.amazonaws.com/111122223333/notify",
};
const records = [...scenario.map((line) => envelope([line])), Buffer.from("not a log")].map((data, index) =>
  record(index + 1, data),
);

/** What a deployment keeps, and whom it tells of what: the scenario goes through its detectors, and a record that cannot be read. */
async function deployed(variables: object, config?: object) {
  const letters: Letter[] = [];
  const sqs = clientOf<SQSClient>({
    SendMessageBatchCommand({ Entries }: { Entries: readonly { MessageBody: string }[] }) {
      letters.push(...Entries.map(({ MessageBody }) => JSON.parse(MessageBody)));
      return {};
    },
  });
  const s3 = clientOf<S3Client>({
    GetObjectCommand() {
      if (config === undefined) throw new NoSuchKey({ message: "none", $metadata: {} });
      const text = JSON.stringify({ version: 1, ...config });
      return { VersionId: "v1", Body: { transformToString: async () => text } };
    },
  });
  const book = createFindingBook();
  const common = {
    ...{ ledger: createMemoryStore(), findings: createMemoryFindings(book), sqs: sqs.client },
    ...{ now: () => Date.UTC(2026, 10, 22, 12), region: "eu-central-1" },
  };
  const { program, publish } = finding({ ...env, ...variables }, common, s3.client);
  const detect = createDetect({
    ...{ program, publish, now: common.now, meter: silentMeter, log: pino({ level: "silent" }) },
    ...{ clock: { advance: async () => undefined }, passed: async () => undefined },
    quarantine: { keep: async () => undefined },
  });
  await detect(batch(records), contextOf());
  const all = book.all();
  const told = new Set(letters.map(({ id }) => id));
  const detectorsOf = (some: typeof all): string[] => [...new Set(some.map(({ detector }) => detector))].sort();
  return {
    ids: all.map(({ id }) => id).sort(),
    told: detectorsOf(all.filter(({ id }) => told.has(id))),
    onTrial: detectorsOf(all.filter(({ status }) => status === "shadow")),
    all: detectorsOf(all),
  };
}

describe("a deployment on trial", () => {
  it("keeps the very findings that another one tells of, and tells of the pipeline's own alone", async () => {
    const live = await deployed({});
    const trial = await deployed({ CROSSTRAIL_SHADOW: "true" });
    expect(live.told).toEqual(live.all);
    expect(live.onTrial).toEqual([]);
    expect(live.all).toContain("sequence/tactics");
    expect(trial.ids).toEqual(live.ids);
    expect(trial.told).toEqual(["health/quarantined"]);
    expect(trial.onTrial).toEqual(trial.all.filter((id) => id !== "health/quarantined"));
  });

  it("tells of a detector that the configuration promotes", async () => {
    const config = { detectors: { [PROMOTED]: { status: "stable" } } };
    const { told, onTrial, all } = await deployed({ CROSSTRAIL_SHADOW: "true" }, config);
    expect(told).toEqual(["health/quarantined", PROMOTED]);
    expect(onTrial).toEqual(all.filter((id) => !told.includes(id)));
  });

  it("is none by default, and a variable that is neither true nor false is refused", async () => {
    expect((await deployed({ CROSSTRAIL_SHADOW: "false" })).onTrial).toEqual([]);
    expect((await deployed({ CROSSTRAIL_SHADOW: "" })).onTrial).toEqual([]);
    await expect(deployed({ CROSSTRAIL_SHADOW: "yes" })).rejects.toMatchObject({ code: "E_CONFIG" });
  });
});
