import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { PREFIXES } from "../adapters/quarantine/prefixes.ts";
import { shell } from "./command.ts";
import { check, missing, notApplicable, ok, type Result, type Verdict } from "./result.ts";
import type { Stack } from "./stack.ts";

/** Records that wait to be put on the stream again. */
export function checkQuarantine(s3: Pick<S3Client, "send">, stack: Stack): Promise<Result> {
  return check(`stack ${stack.name}`, "quarantine", async (ask) => {
    const bucket = await stack.output(ask, "QuarantineBucket");
    if (bucket === undefined) return notApplicable("The stack tells of no quarantine bucket.");
    const pages = await Promise.all(
      PREFIXES.map((Prefix) =>
        ask(
          { of: `bucket ${bucket}`, action: "s3:ListBucket" },
          s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix })),
        ),
      ),
    );
    return quarantineVerdict(
      pages.reduce((sum, { KeyCount = 0 }) => sum + KeyCount, 0),
      { bucket, more: pages.some(({ IsTruncated }) => IsTruncated === true) },
    );
  });
}

/** `more`: the list of objects was longer than was asked for. */
export function quarantineVerdict(
  objects: number,
  { bucket, more }: { readonly bucket: string; readonly more: boolean },
): Verdict {
  if (objects === 0) return ok("Nothing is kept aside.");
  return missing(
    `${more ? "More than " : ""}${objects} objects hold records that could not be judged.`,
    shell("crosstrail", "redrive", "--bucket", bucket, "--dry-run"),
    shell("crosstrail", "redrive", "--bucket", bucket),
  );
}
