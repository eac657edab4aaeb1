import { createHash } from "node:crypto";

/** A stream of Kinesis in memory: shards with ranges of hash keys, sequence numbers that grow, splits and merges. */
export interface SimStream {
  readonly arn: string;
  readonly put: (record: { readonly partitionKey: string; readonly data: Buffer }) => SimRecord;
  /** Closes a shard; two children take its range, cut at `at` (the middle when left out). */
  readonly split: (shardId: string, at?: bigint) => readonly [string, string];
  /** Closes two adjacent shards; one child takes both ranges. */
  readonly merge: (left: string, right: string) => string;
  readonly shards: () => readonly SimShard[];
}

export interface SimShard {
  readonly id: string;
  readonly parents: readonly string[];
  readonly records: readonly SimRecord[];
  readonly closed: boolean;
}

export interface SimRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly arrivedMs: number;
}

interface Shard extends SimShard {
  readonly records: SimRecord[];
  closed: boolean;
  readonly from: bigint;
  readonly to: bigint;
}

const KEYS = 2n ** 128n;
/** As long as real ones are, so that they compare wrongly as numbers of JavaScript. */
const FIRST = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;

export function createSimStream(shardCount: number, now: () => number, name = "audit"): SimStream {
  const shards: Shard[] = [];
  let next = FIRST;

  function open(from: bigint, to: bigint, parents: readonly string[]): Shard {
    const id = `shardId-${String(shards.length).padStart(12, "0")}`;
    const shard: Shard = { id, parents, records: [], closed: false, from, to };
    shards.push(shard);
    return shard;
  }
  for (let i = 0n, count = BigInt(shardCount); i < count; i += 1n)
    open((KEYS * i) / count, (KEYS * (i + 1n)) / count, []);

  function close(id: string): Shard {
    const shard = shards.find((one) => one.id === id && !one.closed);
    if (shard === undefined) throw new Error(`${id} is not an open shard.`);
    shard.closed = true;
    return shard;
  }

  return {
    arn: `arn:aws:kinesis:eu-central-1:000000000000:stream/${name}`,
    shards: () => shards,
    put({ partitionKey, data }) {
      const key = hashKey(partitionKey);
      const shard = shards.find(({ closed, from, to }) => !closed && from <= key && key < to);
      if (shard === undefined) throw new Error("No open shard has this key.");
      next += 1n + (key % 7n);
      const record = { shardId: shard.id, sequenceNumber: String(next), partitionKey, data, arrivedMs: now() };
      shard.records.push(record);
      return record;
    },
    split(id, at) {
      const { from, to } = close(id);
      const middle = at ?? (from + to) / 2n;
      return [open(from, middle, [id]).id, open(middle, to, [id]).id];
    },
    merge(left, right) {
      const [a, b] = [close(left), close(right)];
      if (a.to !== b.from) throw new Error(`${left} and ${right} are not neighbours.`);
      return open(a.from, b.to, [left, right]).id;
    },
  };
}

/** The partition key's place among hash keys. */
export const hashKey = (partitionKey: string): bigint =>
  BigInt(`0x${createHash("md5").update(partitionKey).digest("hex")}`);
