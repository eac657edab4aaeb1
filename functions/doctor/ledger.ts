import { BatchGetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { RawTrail, Reading } from "../../detectors/ledger/clock.ts";
import { ofLedger } from "../../detectors/ledger/contracts.ts";
import type { State } from "../../detectors/ledger/facts.ts";
import { warmthOf } from "../../detectors/ledger/judge.ts";
import { registry } from "../../detectors/registry.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { entityKey, stateOf } from "../adapters/ledger/dynamodb-items.ts";
import type { LedgerStore } from "../ledger/ports.ts";
import { readingsOf, TRAILS, trailOf } from "../ledger/shared-clock.ts";
import type { Functions } from "./functions.ts";
import { check, missing, notApplicable, ok, once, type Result, type Verdict } from "./result.ts";
import type { Stack } from "./stack.ts";
import { listOf, momentOf, spanOf } from "./when.ts";

/** How far the ledger has read each trail, and since when. */
interface Read {
  readonly readings: ReadonlyMap<RawTrail, Reading>;
  /** ms */
  readonly since: ReadonlyMap<string, number>;
  /** On how many days something of it was read. */
  readonly days: ReadonlyMap<string, number>;
}

/** Of each trail, how far and since when it is read: what is missing means nothing while nobody has looked for long enough. */
export function checkLedger(
  dynamodb: Pick<DynamoDBClient, "send">,
  stack: Stack,
  { tail, now }: { readonly tail: Functions["tail"]; readonly now: number },
): readonly Promise<Result>[] {
  const read = new Map<string, () => Promise<Read>>();
  return TRAILS.map((trail) =>
    check(`stack ${stack.name}`, `ledger, ${LOGS[trail]}`, async (ask) => {
      const table = await stack.output(ask, "TableName");
      if (table === undefined) return notApplicable("The stack tells of no table.");
      const work = read.get(table) ?? once(() => readTable(dynamodb, table));
      read.set(table, work);
      const { readings, since, days } = await ask({ of: `table ${table}`, action: "dynamodb:BatchGetItem" }, work());
      const known = { reading: readings.get(trail), since: since.get(trail), days: days.get(trail) ?? 0 };
      return ledgerVerdict(trail, known, { patience: patienceOf(trail), now, logs: await tail("DetectFunction") });
    }),
  );
}

const LOGS: Readonly<Record<RawTrail, string>> = { "k8s-audit": "audit log", cloudtrail: "CloudTrail" };

async function readTable(dynamodb: Pick<DynamoDBClient, "send">, table: string): Promise<Read> {
  // Never more than a hundred: two trails, and the hours of two days of each.
  const reader: LedgerStore["read"] = async (refs) => {
    if (refs.length === 0) return [];
    const Keys = refs.map((ref) => ({ ...entityKey(ref) }));
    const asked = new BatchGetItemCommand({ RequestItems: { [table]: { Keys } } });
    const { Responses, UnprocessedKeys } = await dynamodb.send(asked);
    if ((UnprocessedKeys?.[table]?.Keys?.length ?? 0) > 0)
      throw new CrosstrailError("E_LEDGER", `${table} is throttled: ask again later`, { cause: undefined });
    const items = new Map((Responses?.[table] ?? []).map((item) => [item.pk?.S, item]));
    return refs.map((ref) => stateOf(ref, items.get(entityKey(ref).pk?.S)));
  };
  const trails = await reader(TRAILS.map(trailOf));
  return {
    readings: await readingsOf(reader),
    since: warmthOf(trails),
    days: new Map(trails.map(({ id, sets }: State) => [id, sets.get("day")?.size ?? 0])),
  };
}

/** A detector whose verdict on something missing needs a trail to have been read for some time. */
export interface Patience {
  readonly id: string;
  readonly ms: number;
}

export const patienceOf = (trail: RawTrail): readonly Patience[] =>
  registry.flatMap((detector) =>
    ofLedger(detector).flatMap((half) => {
      const warm = half.kind === "settled" ? half.coldness?.warm : undefined;
      return warm?.trail === trail && warm.ms > 0 ? [{ id: half.meta.id, ms: warm.ms }] : [];
    }),
  );

const HOUR_MS = 3_600_000;
/** An audit log never rests, as nodes report every few seconds; CloudTrail may, in an account where little happens, and is late by itself. */
const SILENT_MS: Readonly<Record<RawTrail, number>> = { "k8s-audit": HOUR_MS, cloudtrail: 3 * HOUR_MS };

interface Known {
  readonly reading: Reading | undefined;
  readonly since: number | undefined;
  readonly days: number;
}

interface LedgerContext {
  readonly patience: readonly Patience[];
  readonly now: number;
  /** The command that shows what detect says. */
  readonly logs: string;
}

export function ledgerVerdict(trail: RawTrail, known: Known, { patience, now, logs }: LedgerContext): Verdict {
  const { reading, since, days } = known;
  const log = `the ${LOGS[trail]}`.replace("the CloudTrail", "CloudTrail");
  if (reading === undefined)
    return missing(`Nothing of ${log} was ever read: see its checks above, and what detect says.`, logs);
  const said = `${log} is read to ${momentOf(reading.time)}, ${spanOf(now - reading.time)} ago`;
  if (now - reading.time > SILENT_MS[trail])
    return missing(`Nothing comes in: ${said}. See its checks above, and what detect says.`, logs);
  const shown = `${said[0]?.toUpperCase()}${said.slice(1)}, on ${days} ${days === 1 ? "day" : "days"}`;
  if (since === undefined) return ok(`${shown}; nothing in it has told the ledger anything yet.`);
  const warm = `${shown}; warm for ${spanOf(now - since)}.`;
  return ok([warm, ...coldOf(patience, since, now)].join(" "));
}

/** Verdicts on what is missing that are not made yet, by how long they need. */
function coldOf(patience: readonly Patience[], since: number, now: number): readonly string[] {
  const cold = Map.groupBy(
    patience.filter(({ ms }) => since + ms > now),
    ({ ms }) => ms,
  );
  return [...cold]
    .sort(([a], [b]) => a - b)
    .map(([ms, some]) => {
      const ids = [...new Set(some.map(({ id }) => id))];
      return `Verdicts that need ${spanOf(ms)} of it are silent on what happens before ${momentOf(since + ms)}: ${listOf(ids)}.`;
    });
}
