import type { Context } from "aws-lambda";
import type { SimClock } from "./sim-clock.ts";

/** What may happen to one invocation, by plan. */
export type Luck =
  | "fine"
  /** The process ends before the handler runs, or when it has done everything but answered. */
  | "crash before"
  | "crash after"
  /** Lambda cannot call the function: nothing is run, and it is no try. */
  | "throttled"
  /** It succeeds, and Lambda forgets: the same records come again. */
  | "forgotten";

export type Ending =
  | { readonly is: "answer"; readonly answer: unknown }
  | { readonly is: "error"; readonly why: "threw" | "crashed" | "timed out" };

export interface Invoker {
  readonly clock: SimClock;
  readonly handler: (event: never, context: Context) => unknown;
  readonly timeoutMs: number;
}

/** Runs a handler once. A handler that is late is not stopped, as it would be: what it does afterwards is not awaited. */
export async function invoke({ clock, handler, timeoutMs }: Invoker, event: unknown, luck: Luck): Promise<Ending> {
  if (luck === "crash before") return { is: "error", why: "crashed" };
  const end = clock.now() + timeoutMs;
  const name = "simulated";
  const context: Partial<Context> = {
    ...{ functionName: name, functionVersion: "$LATEST", awsRequestId: `request-${clock.now()}` },
    invokedFunctionArn: FUNCTION_ARN,
    getRemainingTimeInMillis: () => end - clock.now(),
  };
  const called = clock.work(Promise.resolve().then(() => handler(event as never, context as Context)));
  const answered = called.then(
    // The answer crosses the wire as JSON.
    (answer): Ending => ({ is: "answer", answer: answer === undefined ? null : JSON.parse(JSON.stringify(answer)) }),
    (): Ending => ({ is: "error", why: "threw" }),
  );
  const late = clock.sleep(timeoutMs).then((): Ending => ({ is: "error", why: "timed out" }));
  const ending = await Promise.race([answered, late]);
  return luck === "crash after" && ending.is === "answer" ? { is: "error", why: "crashed" } : ending;
}

export const FUNCTION_ARN = "arn:aws:lambda:eu-central-1:000000000000:function:simulated";
