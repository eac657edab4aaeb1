import { ListShardsCommand } from "@aws-sdk/client-kinesis";
import { awsFailure } from "../aws-failure.ts";
import { checkpointOf, type Start } from "./checkpoint.ts";
import { readShard, type ShardOptions } from "./shard.ts";

export interface ConsumerOptions extends ShardOptions {
  /** ARN. */
  readonly stream: string;
  /** Name of the reader: each has checkpoints of its own. */
  readonly consumer: string;
}

/** How often new shards are looked for when none has ended. */
const LIST_MS = 60_000;

/** Reads all shards of a stream side by side until the signal, a shard after its parents: a resharding puts the later records of a partition key into the
 * children. One process reads them all; two under one name read everything twice, which changes nothing. Rejects with E_AWS_REFUSED, after the other shards
 * have come to rest. */
export async function consume(options: ConsumerOptions): Promise<void> {
  const { stream, consumer, signal, onRead } = options;
  const nameOf = (what: string): string => `stream ${consumer} ${stream} ${what}`;
  const start = await startOf(options, nameOf("start"));
  const stop = new AbortController();
  const over = AbortSignal.any([signal, stop.signal]);
  const running = new Map<string, Promise<void>>();
  const ended = new Set<string>();
  let failure: unknown;
  let wake = (): void => undefined;

  async function run(id: string): Promise<void> {
    try {
      if (await readShard({ stream, id }, nameOf(id), { ...options, start, signal: over })) ended.add(id);
    } catch (cause) {
      failure ??= cause;
      stop.abort();
    }
    wake();
  }

  while (!over.aborted) {
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    try {
      const shards = await shardsOf(options);
      const listed = new Set(shards.map(({ id }) => id));
      for (const { id, parents } of shards) {
        if (running.has(id) || parents.some((parent) => listed.has(parent) && !ended.has(parent))) continue;
        onRead(id, Number.NEGATIVE_INFINITY);
        running.set(id, run(id));
      }
      // Not before its children are known: what they hold is not read yet.
      for (const id of ended) onRead(id, Number.POSITIVE_INFINITY);
    } catch (cause) {
      const error = awsFailure(cause, { of: `stream ${stream}`, action: "kinesis:ListShards" });
      if (error.kind === "refused") {
        failure ??= error;
        stop.abort();
      } else options.log.warn({ reason: error.message }, "the shards cannot be listed");
    }
    await Promise.race([woken, options.wait(LIST_MS)]);
  }
  await Promise.all(running.values());
  if (failure !== undefined) throw failure;
}

/** Written down once: a reader that ends before its first checkpoint goes on where it began, not where it is started again. */
async function startOf({ positions, start }: ConsumerOptions, name: string): Promise<Start> {
  const known = checkpointOf(await positions.read(name));
  if (known === undefined) await positions.write(name, JSON.stringify(start));
  return known ?? start;
}

interface Listed {
  readonly id: string;
  readonly parents: readonly string[];
}

async function shardsOf({ client, stream }: ConsumerOptions): Promise<readonly Listed[]> {
  const all: Listed[] = [];
  let token: string | undefined;
  do {
    // With a token, the stream may not be named again (ListShards, API reference).
    const input = token === undefined ? { StreamARN: stream } : { NextToken: token };
    const { Shards = [], NextToken } = await client.send(new ListShardsCommand(input));
    for (const { ShardId = "", ParentShardId, AdjacentParentShardId } of Shards)
      all.push({ id: ShardId, parents: [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined) });
    token = NextToken;
  } while (token !== undefined);
  return all;
}
