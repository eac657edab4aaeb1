import { GetObjectCommand, NoSuchKey, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { FetchConfig } from "../../runtime/config-source.ts";

/** A configuration in a versioned bucket. Asked by its ETag, so that the minute's reading costs nothing when nothing has changed. */
export function createS3Config(client: S3Client, bucket: string, key: string): FetchConfig {
  let etag: string | undefined;
  return async (known) => {
    try {
      const condition = known !== undefined && etag !== undefined ? { IfNoneMatch: etag } : {};
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...condition }));
      etag = answer.ETag;
      return {
        text: (await answer.Body?.transformToString("utf8")) ?? "",
        version: answer.VersionId ?? etag ?? "unversioned",
      };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 304) return "unchanged";
      throw error;
    }
  };
}
