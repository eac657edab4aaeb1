import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import type { ConfigObject, ConfigStore } from "../../runtime/config-source.ts";
import { awsFailure } from "../aws-failure.ts";

/** Versions that are looked through for a good one. */
const EARLIER = 10;
/** More than those: what was deleted in between, and other objects whose names begin alike, stand in the same list. */
const LISTED = 100;

/** A configuration in a versioned bucket. Asked by its ETag, so that the minute's reading costs nothing when nothing has changed. Rejects with E_AWS_REFUSED,
 * naming the right that is missing, or E_AWS. */
export function createS3Config(client: S3Client, bucket: string, key: string): ConfigStore {
  let etag: string | undefined;
  const of = `configuration ${key} in bucket ${bucket}`;
  const without = "without s3:ListBucket on the bucket S3 says the same of an object that is not there";

  async function* earlier(than: string): AsyncGenerator<ConfigObject> {
    for (const VersionId of await versionsBefore(than)) {
      const object = await get(VersionId);
      if (object !== undefined) yield object;
    }
  }

  /** Newest first, as S3 lists them, back to where the object was deleted: that was a way of saying that the defaults are to stand. */
  async function versionsBefore(than: string): Promise<readonly string[]> {
    const command = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, MaxKeys: LISTED });
    const { Versions = [], DeleteMarkers = [] } = await client.send(command).catch((cause: unknown) => {
      throw awsFailure(cause, { of: `versions of ${of}`, action: "s3:ListBucketVersions" });
    });
    const timeOf = ({ LastModified }: { readonly LastModified?: Date | undefined }): number =>
      LastModified?.getTime() ?? 0;
    const deleted = Math.max(0, ...DeleteMarkers.filter(({ Key }) => Key === key).map(timeOf));
    return Versions.filter((version) => version.Key === key && timeOf(version) >= deleted)
      .flatMap(({ VersionId }) => VersionId ?? [])
      .filter((id) => id !== than)
      .slice(0, EARLIER);
  }

  /** Undefined for one that a lifecycle rule has taken away meanwhile. */
  async function get(VersionId: string): Promise<ConfigObject | undefined> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId }));
      return { text: (await Body?.transformToString("utf8")) ?? "", version: VersionId };
    } catch (cause) {
      if (cause instanceof S3ServiceException && cause.$metadata.httpStatusCode === 404) return undefined;
      throw awsFailure(cause, { of: `version ${VersionId} of ${of}`, action: "s3:GetObjectVersion" });
    }
  }

  return {
    async now(known) {
      try {
        const condition = known !== undefined && etag !== undefined ? { IfNoneMatch: etag } : {};
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...condition }));
        etag = answer.ETag;
        return {
          text: (await answer.Body?.transformToString("utf8")) ?? "",
          version: answer.VersionId ?? etag ?? "unversioned",
        };
      } catch (cause) {
        if (cause instanceof NoSuchKey) return undefined;
        if (cause instanceof S3ServiceException && cause.$metadata.httpStatusCode === 304) return "unchanged";
        throw awsFailure(cause, { of, action: "s3:GetObject", hint: without });
      }
    },
    earlier,
  };
}
