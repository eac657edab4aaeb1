import {
  type AwsSecurityFinding,
  BatchImportFindingsCommand,
  type SecurityHubClient,
} from "@aws-sdk/client-securityhub";
import { ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleAll } from "cockatiel";
import pThrottle from "p-throttle";
import type { Hub } from "../../publish/hub.ts";

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
  const breaker = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(FAILURES),
    halfOpenAfter: new ExponentialBackoff(PAUSE_MS),
  });
  const call = inTurn((command: BatchImportFindingsCommand) => client.send(command));
  return async (findings) => {
    // What was checked by our schema is a finding of the SDK's looser type.
    const command = new BatchImportFindingsCommand({ Findings: findings as unknown as AwsSecurityFinding[] });
    const { FailedFindings = [] } = await breaker.execute(() => call(command));
    return FailedFindings.map(({ Id = "", ErrorCode = "", ErrorMessage = "" }) => ({
      ...{ id: Id, code: ErrorCode, message: ErrorMessage },
    }));
  };
}
