import { NoSuchKey, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { clientOf } from "../../../test/support/aws.ts";
import { createS3Config } from "./s3.ts";

const KEY = "config.json";
const failed = (name: string, httpStatusCode: number): Error =>
  new S3ServiceException({ name, $fault: "client", message: name, $metadata: { httpStatusCode } });

/** A version that came at this second: a text, an error, or that it was deleted. */
type Version = readonly [id: string, second: number, what: string | Error | undefined, key?: string];

/** A bucket with these versions, the latest first, as S3 lists them. */
function bucket(versions: readonly Version[], refused: readonly string[] = []) {
  const entry = ([VersionId, second, , Key = KEY]: Version) => ({
    ...{ VersionId, Key, LastModified: new Date(Date.UTC(2026, 10, 24, 0, 0, second)) },
  });
  const { client, sent } = clientOf<S3Client>({
    GetObjectCommand({ VersionId, IfNoneMatch }: { VersionId?: string; IfNoneMatch?: string }) {
      if (refused.includes(VersionId === undefined ? "get" : "get version")) throw failed("AccessDenied", 403);
      const found = VersionId === undefined ? versions[0] : versions.find(([id]) => id === VersionId);
      if (found?.[2] === undefined) throw new NoSuchKey({ message: "none", $metadata: { httpStatusCode: 404 } });
      const [version, , text] = found;
      if (text instanceof Error) throw text;
      if (IfNoneMatch === `"${version}"`) throw failed("NotModified", 304);
      return { VersionId: version, ETag: `"${version}"`, Body: { transformToString: async () => text } };
    },
    ListObjectVersionsCommand() {
      if (refused.includes("list")) throw failed("AccessDenied", 403);
      return {
        Versions: versions.filter(([, , what]) => what !== undefined).map(entry),
        DeleteMarkers: versions.filter(([, , what]) => what === undefined).map(entry),
      };
    },
  });
  return { store: createS3Config(client, "config", KEY), sent };
}

const earlierOf = async (versions: readonly Version[], refused?: readonly string[]): Promise<string[]> => {
  const found: string[] = [];
  for await (const { version, text } of bucket(versions, refused).store.earlier("v9")) found.push(`${version} ${text}`);
  return found;
};

describe("a configuration in a bucket", () => {
  it("is what is kept now, and asked for by what is known of it", async () => {
    const { store, sent } = bucket([["v9", 9, "{}"]]);
    expect(await store.now(undefined)).toEqual({ text: "{}", version: "v9" });
    expect(await store.now("v9")).toBe("unchanged");
    expect(await store.now(undefined)).toEqual({ text: "{}", version: "v9" });
    expect(sent.map(({ input }) => input)).toMatchObject([{ Key: KEY }, { IfNoneMatch: '"v9"' }, { Key: KEY }]);
    expect(await bucket([]).store.now(undefined)).toBeUndefined();
  });

  it("that may not be read says which right is missing, and what a missing object looks like", async () => {
    const asked = bucket([["v9", 9, "{}"]], ["get"]).store.now(undefined);
    await expect(asked).rejects.toMatchObject({ code: "E_AWS_REFUSED", kind: "refused" });
    await expect(asked).rejects.toThrow(
      /no access to configuration config.json in bucket config: the identity needs s3:GetObject on it; without s3:ListBucket on the bucket/,
    );
  });

  it("has earlier versions, the latest first, without the one that is known", async () => {
    const versions: Version[] = [
      ["v9", 9, "nine"],
      ["v8", 8, "eight"],
      ["other", 8, "other", "config.json.old"],
      ["v7", 7, "seven"],
    ];
    expect(await earlierOf(versions)).toEqual(["v8 eight", "v7 seven"]);
  });

  it("has no more than ten of them, and passes over one that is there no more", async () => {
    const versions: Version[] = Array.from({ length: 30 }, (_, index) => [`w${index}`, 50 - index, String(index)]);
    const gone = versions.with(3, ["w3", 47, failed("NoSuchVersion", 404)]);
    expect(await earlierOf([["v9", 59, "nine"], ...gone])).toEqual(
      [0, 1, 2, 4, 5, 6, 7, 8, 9].map((index) => `w${index} ${index}`),
    );
  });

  it("has none from before it was deleted", async () => {
    const versions: Version[] = [
      ["v9", 9, "nine"],
      ["v8", 8, "eight"],
      ["gone", 7, undefined],
      ["v6", 6, "six"],
    ];
    expect(await earlierOf(versions)).toEqual(["v8 eight"]);
    // Another object whose name begins alike was.
    expect(await earlierOf(versions.with(2, ["gone", 7, undefined, "config.json.old"]))).toEqual([
      "v8 eight",
      "v6 six",
    ]);
  });

  it("whose versions may not be listed, or not be read, says which right is missing", async () => {
    const versions: Version[] = [
      ["v9", 9, "nine"],
      ["v8", 8, "eight"],
    ];
    await expect(earlierOf(versions, ["list"])).rejects.toThrow(/needs s3:ListBucketVersions on it/);
    await expect(earlierOf(versions, ["get version"])).rejects.toThrow(/needs s3:GetObjectVersion on it/);
    await expect(earlierOf(versions, ["list"])).rejects.toMatchObject({ kind: "refused" });
  });

  it("that may be had later rejects with an error that passes", async () => {
    const slow = bucket([["v9", 9, failed("SlowDown", 503)]]);
    await expect(slow.store.now(undefined)).rejects.toMatchObject({ code: "E_AWS" });
  });
});
