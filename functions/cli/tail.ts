import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { CrosstrailError } from "../../schemas/errors.ts";
import { compact } from "../../schemas/json.ts";
import { openOutput } from "../adapters/sinks/output.ts";
import { type Followed, follow } from "../adapters/sources/follow.ts";
import { chunkOf, createLogReader } from "../adapters/sources/log-group.ts";
import { createDesk } from "../findings/desk.ts";
import { AUDIT_STREAMS } from "../pipeline/decode/log-group.ts";
import { pipeline, run } from "../pipeline/run.ts";
import { safe } from "../terminal.ts";
import { type AwsOptions, clientConfig, regionOf } from "./aws.ts";
import { assertBalanced } from "./balance.ts";
import { refuseClashes } from "./clash.ts";
import { EXIT } from "./exit.ts";
import { createFeed, type FeedOptions } from "./feed.ts";
import { onInterrupt } from "./interrupt.ts";
import { openParts, type RunOptions, settingsOf } from "./run-parts.ts";
import { takeUntil } from "./take-until.ts";

export interface TailOptions extends AwsOptions, RunOptions, Omit<FeedOptions, "cluster"> {
  readonly logGroup: readonly string[];
  readonly trailLogGroup?: readonly string[];
  /** ms; default: from now on. */
  readonly since?: number;
  /** Seconds. */
  readonly every: number;
  readonly quiet?: boolean;
}

/** Follows log groups and writes findings as they appear, until Ctrl-C. Gives the exit code. */
export async function tail(options: TailOptions): Promise<number> {
  const settings = await settingsOf(options);
  refuseClashes([], options);
  const client = new CloudWatchLogsClient(clientConfig(options));
  const region = await regionOf(client);
  const groups = await followedOf(client, options);
  const output = await openOutput(options.out, process.stdout);
  const asideOutput = options.setAside === undefined ? undefined : await openOutput(options.setAside, process.stdout);
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  const parts = await openParts(options, settings, asideOutput, { region });
  const { engine, findings, tally, judge } = parts;
  const outbox = createFeed(findings, output, options);
  const desk = createDesk({ store: findings, outbox, now: Date.now, shadow: options.shadow === true });
  const publish = async (drafts: Parameters<typeof desk.take>[0]): Promise<void> => void (await desk.take(drafts));
  const source = follow(groups, {
    ...{ start: options.since ?? Date.now(), everyMs: options.every * 1_000, now: Date.now, signal },
    wait: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
    async onRound(covered) {
      await engine.settle(covered, publish);
      // Changes that are not news are not written, and their reminders go.
      await desk.catchUp();
    },
    onError: createSayOnce(),
  });
  const sink = {
    async write(drafts: Parameters<typeof publish>[0]) {
      await publish(drafts);
      await parts.writeAside();
    },
  };
  if (options.quiet !== true) console.error(`following ${groups.length} log groups; Ctrl-C ends it`);
  try {
    await run(
      pipeline(takeUntil(source, signal), {
        judge,
        ledger: engine,
        sink,
        limit: 1,
        ...compact({ clock: parts.clock }),
      }),
    );
    await interrupt.settled();
  } finally {
    parts.close();
  }
  await output.end();
  await asideOutput?.end();
  const { read, judged, setAside } = tally.totals();
  if (options.quiet !== true) console.error(`${read} events read, ${judged} judged, ${setAside} set aside`);
  assertBalanced(tally.totals());
  return signal.aborted ? EXIT.interrupted : EXIT.fine;
}

async function followedOf(client: CloudWatchLogsClient, options: TailOptions): Promise<readonly Followed[]> {
  const reader = createLogReader(client);
  const named = (names: readonly string[], trail: Followed["trail"]): Promise<readonly Followed[]> =>
    Promise.all(
      names.map(async (name): Promise<Followed> => {
        const group = await reader.find(name);
        const prefix = trail === "k8s-audit" ? { prefix: AUDIT_STREAMS } : {};
        return {
          trail,
          pages: (start) => reader.pages(group, { start, ...prefix }),
          chunkOf: (events) => chunkOf(group, events),
        };
      }),
    );
  return [...(await named(options.logGroup, "k8s-audit")), ...(await named(options.trailLogGroup ?? [], "cloudtrail"))];
}

/** What stays wrong is said once, not every few seconds. */
function createSayOnce(): (error: CrosstrailError) => void {
  const said = new Set<string>();
  return ({ message }) => {
    if (!said.has(message)) console.error(safe(`crosstrail: ${message}; going on`));
    said.add(message);
  };
}
