import {
  type AwsSecurityFinding,
  BatchImportFindingsCommand,
  type SecurityHubClient,
} from "@aws-sdk/client-securityhub";
import { ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleWhen } from "cockatiel";
import pThrottle from "p-throttle";
import type { AsffFinding } from "../../../schemas/findings/asff-schema.ts";
import type { Hub, Rejection } from "../../publish/hub.ts";

export interface HubOptions {
  /** Its own retries are few: the queue is what waits. */
  readonly client: SecurityHubClient;
  /** Calls that this process may make. Security Hub takes ten a second of an account and Region, from all of them together (aws-plumbing.md §2.2). */
  readonly callsPerSecond: number;
}

/** Calls that fail in a row before Security Hub counts as down. */
const FAILURES = 3;
const PAUSE_MS = { initialDelay: 5_000, maxDelay: 120_000 } as const;

/** BatchImportFindings, at its rate, behind a circuit breaker: while it is down, messages go back to their queue unasked. */
export function createSecurityHub({ client, callsPerSecond }: HubOptions): Hub {
  const inTurn = pThrottle({ limit: callsPerSecond, interval: 1_000, strict: true });
  const breaker = circuitBreaker(
    handleWhen((error) => !isRefusal(error)),
    {
      breaker: new ConsecutiveBreaker(FAILURES),
      halfOpenAfter: new ExponentialBackoff(PAUSE_MS),
    },
  );
  const call = inTurn((command: BatchImportFindingsCommand) => client.send(command));
  async function send(findings: readonly AsffFinding[]): Promise<readonly Rejection[]> {
    // What was checked by our schema is a finding of the SDK's looser type.
    const command = new BatchImportFindingsCommand({ Findings: findings as unknown as AwsSecurityFinding[] });
    try {
      const { FailedFindings = [] } = await breaker.execute(() => call(command));
      return FailedFindings.map(({ Id = "", ErrorCode = "", ErrorMessage = "" }) => ({
        ...{ id: Id, code: ErrorCode, message: ErrorMessage },
      }));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const [first, ...others] = findings;
      if (first === undefined) return [];
      if (others.length === 0) return [{ id: first.Id, code: error.name, message: error.message }];
      const half = Math.ceil(findings.length / 2);
      return [...(await send(findings.slice(0, half))), ...(await send(findings.slice(half)))];
    }
  }
  return send;
}

/** That a call is not well formed, which is the fault of a finding in it: the others of its call are sent without it. */
const isRefusal = (error: unknown): error is Error => error instanceof Error && error.name === "InvalidInputException";
