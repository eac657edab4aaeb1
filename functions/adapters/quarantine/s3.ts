import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { CrosstrailError } from "../../../schemas/errors.ts";
import type { KeptRecord } from "../../../schemas/quarantine/kept-record.ts";
import type { Quarantine } from "../../runtime/quarantine.ts";
import { reasonOf } from "../sinks/reason.ts";
import { KEPT } from "./prefixes.ts";

/** Named after the record alone: however often it comes, it is one object. */
export const keyOf = ({ arrived, shard, sequence }: KeptRecord): string =>
  `${KEPT}${arrived.slice(0, 10)}/${shard}/${sequence}.json`;

/** A quarantine in a bucket: one object a record, with the reasons beside the data. Rejects with E_QUARANTINE, also where access is refused:
 * a record that can neither be judged nor kept has to come again. */
export function createS3Quarantine(client: S3Client, bucket: string): Quarantine {
  return {
    async keep(record) {
      const command = new PutObjectCommand({
        ...{ Bucket: bucket, Key: keyOf(record), ContentType: "application/json" },
        Body: JSON.stringify(record),
      });
      await client.send(command).catch((cause: unknown) => {
        throw new CrosstrailError("E_QUARANTINE", `${bucket}: ${reasonOf(cause)}`, { cause });
      });
    },
  };
}
