import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Finding } from "../../schemas/findings/finding.ts";
import { demoRecords } from "../support/demo.ts";
import { run } from "../tools/command.ts";
import { root } from "../tools/folders.ts";

/** What the recordings tell: the messages of the two log groups. */
export interface Recorded {
  readonly audit: readonly string[];
  readonly cloudtrail: readonly string[];
}

/** Of the recordings' identities. */
export const OWNER = "111122223333";
export const CLUSTER = "demo";

const recordings = join(root, "test/recordings");
export const fileOf = (attack: string): string => join(recordings, "audit", `${attack}.audit.ndjson.gz`);
const linesOf = (file: string): string[] =>
  gunzipSync(readFileSync(file))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");

/** Recorded attacks of one trail. */
export const attacksOf = (attacks: readonly string[]): Recorded => ({
  audit: attacks.flatMap((name) => linesOf(fileOf(name))),
  cloudtrail: [],
});

/** The demonstration. */
export function demonstration(): Recorded {
  const audit = linesOf(join(recordings, "demo/audit.ndjson.gz")).flatMap((line) => {
    const { messageType, logEvents } = JSON.parse(line);
    return messageType === "DATA_MESSAGE" ? logEvents.map(({ message }: { message: string }) => message) : [];
  });
  return { audit, cloudtrail: demoRecords().map((record) => JSON.stringify(record)) };
}

/** What moves the detection clock past all that waits for judgement: an event of each trail, days later. */
export const daysLater = (): Recorded => quietAt(Date.UTC(2026, 10, 26, 12));

/** An event of each trail that no detector minds. `at`: ms, of which CloudTrail tells the seconds. */
export function quietAt(at: number): Recorded {
  const lease = linesOf(join(recordings, "demo/audit.ndjson.gz"))
    .filter((line) => line.includes("leases/kube-controller-manager"))
    .map((line) => JSON.parse(line).logEvents.at(-1).message)[0];
  const launch = demoRecords()[0];
  if (lease === undefined || launch === undefined) throw new Error("The demonstration has changed.");
  const seconds = new Date(at).toISOString().slice(0, 19);
  return {
    audit: [
      JSON.stringify({
        ...JSON.parse(lease),
        auditID: "00000000-0000-4000-8000-0000000d1a7e",
        ...{ requestReceivedTimestamp: `${seconds}.000000Z`, stageTimestamp: `${seconds}.001000Z` },
      }),
    ],
    cloudtrail: [
      JSON.stringify(launch)
        .replaceAll("2026-11-22T11:34:20Z", `${seconds}Z`)
        .replace("c7a11000-0000-4000-8000-000000000001", "c7a11000-0000-4000-8000-0000000d1a7e"),
    ],
  };
}

export const together = (...all: readonly Recorded[]): Recorded => ({
  audit: all.flatMap(({ audit }) => audit),
  cloudtrail: all.flatMap(({ cloudtrail }) => cloudtrail),
});

/** What the command finds in the same. With a ledger that is kept, so that what waits is judged by the detection clock and not because the input ends. */
export async function replayed(
  { audit, cloudtrail }: Recorded,
  cluster = CLUSTER,
  owner = OWNER,
): Promise<readonly Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), "crosstrail-replay-"));
  try {
    writeFileSync(join(folder, "audit.ndjson"), `${audit.join("\n")}\n`);
    writeFileSync(join(folder, "cloudtrail.ndjson"), `${cloudtrail.join("\n")}\n`);
    const ledger = mkdtempSync(join(folder, "ledger-"));
    const printed = await run(process.execPath, [
      ...[join(root, "functions/cli/main.ts"), "replay", "--shadow", "--quiet", "--format", "ndjson"],
      ...["--cluster", `${owner}/eu-central-1/${cluster}`, "--ledger", join(ledger, "ledger.db")],
      ...[join(folder, "audit.ndjson"), join(folder, "cloudtrail.ndjson")],
    ]);
    const lines = printed.split("\n").filter((line) => line !== "");
    return lines.map((line): Finding => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
