// A function's process: one JSON line in for each invocation, one out on the descriptor that the first argument names. Standard output and error are its log.
import { existsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

interface Invocation {
  readonly id: string;
  readonly arn: string;
  readonly timeoutMs: number;
  readonly payload: string;
}
type Handler = (event: unknown, context: unknown) => unknown;

const answers = Number(process.argv[2]);
function say(answer: object): void {
  let rest = Buffer.from(`${JSON.stringify(answer)}\n`);
  while (rest.length > 0) rest = rest.subarray(writeSync(answers, rest));
}

async function load(): Promise<Handler> {
  const { LAMBDA_TASK_ROOT: root = "", _HANDLER: name = "" } = process.env;
  const dot = name.lastIndexOf(".");
  const base = join(root, name.slice(0, dot));
  const file = [".mjs", ".js", ".cjs"].map((ending) => base + ending).find((path) => existsSync(path));
  if (file === undefined) throw new Error(`Cannot find module '${base}'`);
  const module = await import(pathToFileURL(file).href);
  const handler = module[name.slice(dot + 1)] ?? module.default?.[name.slice(dot + 1)];
  if (typeof handler !== "function") throw new Error(`${name} is not a function`);
  return handler;
}

async function invoke(call: Handler, { id, arn, timeoutMs, payload }: Invocation): Promise<void> {
  const end = Date.now() + timeoutMs;
  const context = {
    awsRequestId: id,
    invokedFunctionArn: arn,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => end - Date.now(),
  };
  const late = setTimeout(() => {
    const errorMessage = `${id} Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
    say({ error: { errorType: "Sandbox.Timedout", errorMessage }, last: true });
    process.exit(1);
  }, timeoutMs);
  try {
    const answer = await call(JSON.parse(payload), context);
    clearTimeout(late);
    process.stdout.write(`END RequestId: ${id}\n`);
    say({ payload: JSON.stringify(answer ?? null) });
  } catch (thrown) {
    clearTimeout(late);
    process.stdout.write(`END RequestId: ${id}\n`);
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const trace = (error.stack ?? "").split("\n");
    say({ error: { errorType: error.name, errorMessage: error.message, trace } });
  }
}

let handler: Handler;
try {
  handler = await load();
} catch (error) {
  say({ error: error instanceof Error ? error.stack : String(error) });
  process.exit(1);
}
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) await invoke(handler, JSON.parse(line));
