import { setTimeout as sleep } from "node:timers/promises";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3Client } from "@aws-sdk/client-s3";
import { PREFIXES } from "../adapters/quarantine/prefixes.ts";
import { redrive as redriveAll } from "../adapters/quarantine/redrive.ts";
import { safe } from "../terminal.ts";
import { type AwsOptions, clientConfig, s3Config } from "./aws.ts";
import { EXIT } from "./exit.ts";
import { onStop } from "./stop.ts";

export interface RedriveOptions extends AwsOptions {
  readonly bucket: string;
  readonly prefix?: string;
  readonly dryRun?: boolean;
}

/** Puts the records of the quarantine on their streams again. Gives the exit code. */
export async function redrive({ bucket, prefix, dryRun = false, ...aws }: RedriveOptions): Promise<number> {
  const { signal, interrupted } = onStop();
  const { objects, records, left, codes } = await redriveAll({
    s3: new S3Client(s3Config(aws)),
    client: new KinesisClient(clientConfig(aws)),
    wait: (ms) => sleep(ms),
    ...{ bucket, dryRun, signal },
    prefixes: prefix === undefined ? PREFIXES : [prefix],
    before: Date.now(),
    onProblem: (key, problem) => console.error(safe(`crosstrail: ${key}: ${problem}`)),
  });
  for (const [code, count] of [...codes].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`${count}\t${safe(code)}`);
  const what = dryRun ? "would be put on their streams again" : "are on their streams again";
  console.error(`${records} records of ${objects} objects ${what}, ${left} objects are left`);
  if (interrupted()) return EXIT.interrupted;
  return left > 0 ? EXIT.failed : EXIT.fine;
}
