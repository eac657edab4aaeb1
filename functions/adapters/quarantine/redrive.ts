import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import { awsFailure } from "../aws-failure.ts";
import { type PutOptions, putRecords } from "../streams/put.ts";
import { type KeptObject, keptObjectOf, type Waiting } from "./kept.ts";
import { REDRIVEN } from "./prefixes.ts";

export interface RedriveOptions extends PutOptions {
  readonly s3: Pick<S3Client, "send">;
  readonly bucket: string;
  readonly prefixes: readonly string[];
  readonly dryRun: boolean;
  /** ms: objects that were written later are left, as a record that fails again is kept again. */
  readonly before: number;
  readonly signal: AbortSignal;
  readonly onProblem: (key: string, problem: string) => void;
}

export interface Redriven {
  readonly objects: number;
  readonly records: number;
  /** Objects that stay, as they could not be read or not all of their records were taken. */
  readonly left: number;
  /** How many objects there were for each reason. */
  readonly codes: ReadonlyMap<string, number>;
}

interface Found {
  readonly key: string;
  readonly kept: KeptObject;
}

const AT_A_TIME = 20;
const PARALLEL = 8;

/** Puts kept records on their streams again, as they were, and moves each object when Kinesis has taken all of its records. What ends between the two puts them again the
 * next time, which changes nothing: events are told apart by their own ids. Rejects with E_AWS or E_AWS_REFUSED. */
export async function redrive(options: RedriveOptions): Promise<Redriven> {
  const { dryRun, signal, onProblem } = options;
  const codes = new Map<string, number>();
  let [objects, records, left] = [0, 0, 0];

  async function page(found: readonly Found[]): Promise<void> {
    const good = found.flatMap(({ key, kept }) => {
      if ("records" in kept) return [{ key, ...kept }];
      onProblem(key, kept.problem);
      left += 1;
      return [];
    });
    for (const code of good.flatMap((object) => object.codes)) codes.set(code, (codes.get(code) ?? 0) + 1);
    const refused = dryRun ? new Map<string, string>() : await put(good, options);
    for (const [key, problem] of refused) onProblem(key, `not taken: ${problem}`);
    const taken = good.filter(({ key }) => !refused.has(key));
    if (!dryRun) await each(taken, ({ key }) => move(key, options));
    objects += taken.length;
    records += taken.reduce((sum, object) => sum + object.records.length, 0);
    left += refused.size;
  }

  for (const prefix of options.prefixes) {
    for await (const keys of keysOf(prefix, options)) {
      for (let at = 0; at < keys.length && !signal.aborted; at += AT_A_TIME)
        await page(await each(keys.slice(at, at + AT_A_TIME), (key) => read(key, options)));
      if (signal.aborted) break;
    }
  }
  return { objects, records, left, codes };
}

const each = <T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> =>
  lastValueFrom(from(all).pipe(mergeMap(work, PARALLEL), toArray()));

/** Why objects were not taken whole, by key. */
async function put(
  good: readonly { readonly key: string; readonly records: readonly Waiting[] }[],
  options: RedriveOptions,
): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>();
  const all = good.flatMap(({ key, records }) => records.map((record) => ({ object: key, record })));
  for (const [stream, some] of Map.groupBy(all, ({ record }) => record.stream)) {
    const outcome = await putRecords(
      { StreamARN: stream },
      some.map(({ record }) => record),
      options,
    );
    for (const [index, problem] of outcome.entries()) {
      const object = some[index]?.object;
      if (problem !== undefined && object !== undefined) refused.set(object, problem);
    }
  }
  return refused;
}

async function* keysOf(prefix: string, { s3, bucket, before }: RedriveOptions): AsyncGenerator<readonly string[]> {
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      ...{ Bucket: bucket, Prefix: prefix },
      ...(token !== undefined && { ContinuationToken: token }),
    });
    const { Contents = [], NextContinuationToken } = await asked(s3.send(command), bucket, "s3:ListBucket");
    yield Contents.filter(({ LastModified }) => (LastModified?.getTime() ?? 0) < before)
      .flatMap(({ Key }) => Key ?? [])
      .filter((key) => !key.startsWith(REDRIVEN));
    token = NextContinuationToken;
  } while (token !== undefined);
}

async function read(key: string, { s3, bucket }: RedriveOptions): Promise<Found> {
  const { Body } = await asked(s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })), bucket, "s3:GetObject");
  return { key, kept: keptObjectOf((await Body?.transformToString("utf8")) ?? "") };
}

async function move(key: string, { s3, bucket }: RedriveOptions): Promise<void> {
  const source = `${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
  const copy = new CopyObjectCommand({ Bucket: bucket, Key: `${REDRIVEN}${key}`, CopySource: source });
  await asked(s3.send(copy), bucket, "s3:PutObject");
  await asked(s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })), bucket, "s3:DeleteObject");
}

const asked = <T>(answer: Promise<T>, bucket: string, action: string): Promise<T> =>
  answer.catch((cause: unknown) => {
    throw awsFailure(cause, { of: `bucket ${bucket}`, action });
  });
