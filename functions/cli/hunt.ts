import { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { CrosstrailError } from "../../schemas/errors.ts";
import { compact } from "../../schemas/json.ts";
import { openSqlitePositions } from "../adapters/positions/sqlite.ts";
import { readByTime, type TimedReading, type TimedSource } from "../adapters/sources/by-time.ts";
import { chunkOf, createLogReader } from "../adapters/sources/log-group.ts";
import { createLookup, LOOKUP_DAYS } from "../adapters/sources/lookup.ts";
import { AUDIT_STREAMS } from "../pipeline/decode/log-group.ts";
import type { Chunk } from "../pipeline/records.ts";
import { createMemoryPositions } from "../positions.ts";
import { type AwsOptions, clientConfig, regionOf } from "./aws.ts";
import { refuseClashes } from "./clash.ts";
import { createShareProgress } from "./progress.ts";
import { LAST_TIME, type ReadingOptions, readAndReport } from "./reading.ts";
import { settingsOf } from "./run-parts.ts";

export interface HuntOptions extends AwsOptions, ReadingOptions {
  readonly logGroup: readonly string[];
  readonly trailLogGroup?: readonly string[];
  /** true: in the Region of the log groups. */
  readonly lookup?: true | readonly string[];
  readonly since: number;
  readonly again?: boolean;
}

const DAY_MS = 86_400_000;

/** Reads a time of log groups and of CloudTrail through the whole chain, as `replay` does files. Gives the exit code. */
export async function hunt(options: HuntOptions): Promise<number> {
  const until = options.until ?? Date.now();
  refuse(options, until);
  const settings = await settingsOf(options);
  refuseClashes([], options);
  const { sources, region } = await sourcesOf(options);
  const positions = options.ledger === undefined ? undefined : openSqlitePositions(options.ledger);
  let reading: TimedReading | undefined;
  const progress = createShareProgress(options.quiet !== true, () => reading?.share() ?? 0);
  async function* chunks(onError: (error: CrosstrailError) => void): AsyncGenerator<Chunk> {
    reading = await readByTime(sources, {
      // CloudTrail's times are whole seconds.
      since: Math.floor(options.since / 1_000) * 1_000,
      ...{ until, onError, now: Date.now, positions: positions ?? createMemoryPositions() },
      ...compact({ again: options.again }),
    });
    yield* reading.chunks;
  }
  try {
    return await readAndReport(
      {
        chunks: ({ onError }) => chunks(onError),
        ...{ limit: 1, progress, scoping: { region, again: true } },
        settleUntil({ whole }) {
          // Nothing more comes to a ledger in memory. Of what is read in part, or kept for another run, the part that all sources cover.
          if (whole && options.ledger === undefined && reading?.complete() === true) return LAST_TIME;
          return reading?.covered();
        },
      },
      options,
      settings,
    );
  } finally {
    positions?.close();
  }
}

function refuse({ since, lookup }: HuntOptions, until: number): void {
  if (since >= until) throw new CrosstrailError("E_CONFIG", "--since is not before --until", { cause: undefined });
  if (lookup === undefined || since >= Date.now() - LOOKUP_DAYS * DAY_MS) return;
  const message = `--lookup goes back ${LOOKUP_DAYS} days: give a later --since, or --trail-log-group`;
  throw new CrosstrailError("E_CONFIG", message, { cause: undefined });
}

/** The logs that were named; their Region stands for that of events whose envelope does not tell. */
async function sourcesOf(options: HuntOptions): Promise<{ sources: readonly TimedSource[]; region: string }> {
  const client = new CloudWatchLogsClient(clientConfig(options));
  const region = await regionOf(client);
  const reader = createLogReader(client);
  const logs = async (names: readonly string[], trail: TimedSource["trail"]): Promise<readonly TimedSource[]> =>
    Promise.all(
      names.map(async (name) => {
        const group = await reader.find(name);
        const prefix = trail === "k8s-audit" ? { prefix: AUDIT_STREAMS } : {};
        return {
          name: `logs ${region} ${group.account ?? ""} ${group.name}`,
          trail,
          async *pages(start, end) {
            for await (const events of reader.pages(group, { start, end, ...prefix })) yield chunkOf(group, events);
          },
        } satisfies TimedSource;
      }),
    );
  return {
    region,
    sources: [
      ...(await logs(options.logGroup, "k8s-audit")),
      ...(await logs(options.trailLogGroup ?? [], "cloudtrail")),
      ...lookups(options, region),
    ],
  };
}

function lookups({ lookup, ...options }: HuntOptions, home: string): readonly TimedSource[] {
  if (lookup === undefined) return [];
  return (lookup === true ? [home] : lookup).map((region) => ({
    name: `lookup ${region} ${options.profile ?? ""}`,
    trail: "cloudtrail",
    pages: createLookup(new CloudTrailClient({ ...clientConfig(options), region }), region),
  }));
}
