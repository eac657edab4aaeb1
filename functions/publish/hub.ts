import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { Logger } from "pino";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import { type Publisher, toAsff } from "../../schemas/findings/asff.ts";
import type { AsffFinding } from "../../schemas/findings/asff-schema.ts";
import { isAsffFinding } from "../../schemas/validators.generated.js";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { FindingStore, Kept, Stamps } from "../findings/ports.ts";
import { cutCalls, tooLarge } from "./calls.ts";
import { type Asked, again, readLetters } from "./letters.ts";
import { type PostponeParts, postpone } from "./postpone.ts";
import { type RefusalParts, refusal } from "./refusal.ts";

/** One finding of a call that Security Hub did not take, though the call succeeded (aws-plumbing.md §2.2). */
export interface Rejection {
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

/** Security Hub. Rejects when the call as a whole does: throttled, down, no access. */
export type Hub = (findings: readonly AsffFinding[]) => Promise<readonly Rejection[]>;

/** Security Hub of one account. */
export interface AccountHub {
  /** Waits its turn within the rate that Security Hub allows, and rejects at once while it is known to be down. */
  readonly send: Hub;
  readonly publisher: Omit<Publisher, "updatedAt">;
}

/** Where findings of an account go: always the same object for the same place. */
export type HubOf = (account: string) => AccountHub;

export interface HubParts extends RefusalParts, PostponeParts {
  readonly store: Pick<FindingStore, "read"> & Stamps;
  readonly hubOf: HubOf;
  readonly log: Logger;
  /** ms that are left when no further call is begun. Default 15 s. */
  readonly reserveMs?: number;
}

interface Stamped extends Asked {
  readonly kept: Kept;
  readonly stamp: number;
}

interface Rendered extends Asked {
  readonly asff: AsffFinding;
  readonly hub: AccountHub;
}

const RESERVE_MS = 15_000;
const PARALLEL = 8;
/** What may go well the next time, also when Security Hub is switched on again (`InvalidAccess`). Everything else that is told of one finding is for good. */
const PASSING = /^(?:Internal|Throttl|ServiceUnavailable|LimitExceeded|TooManyRequests|InvalidAccess|AccessDenied)/;

/** The handler of the queues for Security Hub. A whole call that fails leaves its messages in the queue, longer each time; a finding that is refused is parked
 * with the reason. So a day without Security Hub loses nothing, and one bad finding holds up no other. */
export function createHubPublisher(parts: HubParts) {
  const { store, hubOf, meter } = parts;
  const reserveMs = parts.reserveMs ?? RESERVE_MS;

  const each = <T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> =>
    lastValueFrom(from(all).pipe(mergeMap(work, PARALLEL), toArray()));

  return async (
    { Records }: SQSEvent,
    context: Pick<Context, "getRemainingTimeInMillis" | "awsRequestId">,
  ): Promise<SQSBatchResponse> => {
    const log = parts.log.child({ requestId: context.awsRequestId });
    const left: SQSRecord[] = [];

    const refuse = refusal("security-hub", parts, log, left);

    function render({ kept, stamp, ...rest }: Stamped): Rendered | string {
      const updatedAt = new Date(stamp).toISOString();
      const { finding } = kept.draft;
      const hub = hubOf(finding.account);
      const asff = toAsff(finding, { ...hub.publisher, updatedAt });
      const problem = isAsffFinding(asff) ? tooLarge(asff) : problemOf();
      return problem ?? { ...rest, asff, hub };
    }

    /** First the stamp, then the finding: see there. */
    async function renderAll(all: readonly Asked[]): Promise<readonly Rendered[]> {
      const stamps = new Map(await each(all, async ({ id }) => [id, await store.stamp(id, parts.now())] as const));
      const kept = await store.read(all.map(({ id }) => id));
      const rendered: Rendered[] = [];
      for (const [index, one] of all.entries()) {
        const stamp = stamps.get(one.id);
        const there = kept[index];
        if (stamp === undefined || there === undefined) {
          await refuse(one.id, one.records, "E_GONE", "the finding is kept no more");
          continue;
        }
        const made = render({ ...one, kept: there, stamp });
        if (typeof made === "string") await refuse(one.id, one.records, "E_ASFF", made);
        else rendered.push(made);
      }
      return rendered;
    }

    async function send(hub: AccountHub, call: readonly Rendered[]): Promise<void> {
      const rejections = await hub.send(call.map(({ asff }) => asff));
      const byId = new Map(rejections.map((rejection) => [rejection.id, rejection]));
      const refused = call.filter(({ id }) => byId.has(id));
      if (refused.length < byId.size) throw new Error("which of the findings were not taken is not told");
      meter.count("HubPublished", call.length - refused.length);
      for (const { id, records } of refused) {
        const rejection = byId.get(id);
        if (rejection === undefined) continue;
        if (PASSING.test(rejection.code)) left.push(...records);
        else await refuse(id, records, rejection.code, rejection.message);
      }
    }

    const { asked, odd } = readLetters(Records);
    for (const record of odd) await refuse(undefined, [record], "E_LETTER", "not a message of the outbox");
    try {
      const byHub = Map.groupBy(await renderAll(asked), ({ hub }) => hub);
      const calls = [...byHub].flatMap(([hub, some]) =>
        cutCalls(some, ({ asff }) => asff).map((call) => ({ hub, call })),
      );
      for (const [index, { hub, call }] of calls.entries()) {
        if (context.getRemainingTimeInMillis() < reserveMs) {
          left.push(...calls.slice(index).flatMap((rest) => rest.call.flatMap(({ records }) => records)));
          break;
        }
        try {
          await send(hub, call);
        } catch (error) {
          const { account } = hub.publisher;
          log.warn({ account, reason: reasonOf(error), findings: call.length }, "Security Hub did not answer a call");
          meter.count("HubFailed", 1);
          left.push(...call.flatMap(({ records }) => records));
        }
      }
    } catch (error) {
      log.error({ reason: reasonOf(error) }, "findings could not be read");
      left.push(...asked.flatMap(({ records }) => records));
    }
    await postpone("security-hub", left, parts, log);
    meter.flush();
    return again([...new Set(left)]);
  };
}

function problemOf(): string {
  const [problem] = isAsffFinding.errors ?? [];
  return `${problem?.instancePath ?? ""} ${problem?.message ?? "is not valid"}`.trim();
}
