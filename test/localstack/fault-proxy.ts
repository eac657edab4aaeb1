import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { buffer } from "node:stream/consumers";
import { type AwsCall, readCall } from "./aws-call.ts";
import { type Fault, type FaultPlan, isPassedOn, wireError } from "./fault.ts";
import { type Part, partOf } from "./partial.ts";

export interface ProxiedCall extends AwsCall {
  readonly fault?: Fault;
  /** What the service answered, when it was asked. */
  status?: number;
}

/** Between clients of AWS and what stands in for it. */
export interface FaultProxy {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** The URL of a queue, by way of this proxy: clients of SQS go where the URL says. */
  readonly through: (url: string) => string;
  /** May be changed at any time. */
  plan: FaultPlan;
  /** Every call, in the order in which they came. */
  readonly calls: readonly ProxiedCall[];
  /** `service:operation:fault` -> how often. */
  readonly faults: () => ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
}

/** Operations that the target does not know -> what is answered in its place, as JSON. */
export type Answers = Readonly<Record<string, unknown>>;

/** Listens on the loopback and passes every request on to `target`, but for what the plan decides. Requests and answers are passed whole. */
export async function startFaultProxy(
  target: string,
  plan: FaultPlan = () => undefined,
  answers: Answers = {},
): Promise<FaultProxy> {
  const calls: ProxiedCall[] = [];
  const counts = new Map<string, number>();

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method = "GET", url = "/", headers } = request;
    const read = readCall({ method, url, headers, body });
    // Nothing is awaited from here to the push: calls are numbered in the order in which they stand in the log.
    const kind = `${read.service}:${read.operation}`;
    const nth = counts.get(kind) ?? 0;
    counts.set(kind, nth + 1);
    const planned = proxy.plan(read, nth);
    const part = planned === "partial" ? partOf(read, body) : undefined;
    const fault = planned === "partial" && part === undefined ? "throttled" : planned;
    const call: ProxiedCall = fault === undefined ? read : { ...read, fault };
    calls.push(call);

    if (fault === "reset") return void request.socket.resetAndDestroy();
    if (fault === "silent") return;
    if (fault !== undefined && !isPassedOn(fault)) return refuse(response, fault, read.service);

    const answer = await answerTo(request, body, answers[read.operation], part);
    call.status = answer.status;
    if (fault === "lost") return void request.socket.resetAndDestroy();
    if (fault === "late error") return refuse(response, "internal", read.service);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async function answerTo(request: IncomingMessage, body: Buffer, known: unknown, part: Part | undefined) {
    if (known !== undefined) return jsonAnswer(known);
    if (part === undefined) return await pass(request, body);
    const answer = part.body === undefined ? undefined : await pass(request, part.body);
    // What goes wrong with the part goes wrong with all of it.
    return answer === undefined || answer.status === 200 ? part.complete(answer?.body) : answer;
  }

  async function pass({ method, url, headers }: IncomingMessage, body: Buffer) {
    // As it came: S3's signed chunks and SQS's paths would not survive a client that is too helpful.
    const length = headers["content-length"] === undefined ? {} : { "content-length": String(body.length) };
    const passed = send(new URL(url ?? "/", target), {
      method,
      headers: { ...headers, ...length, connection: "close" },
    });
    const answered = once(passed, "response");
    passed.end(body);
    const [answer]: IncomingMessage[] = await answered;
    if (answer === undefined) throw new Error("no answer");
    const { "transfer-encoding": _chunked, connection: _connection, ...kept } = answer.headers;
    return { status: answer.statusCode ?? 502, headers: kept, body: await buffer(answer) };
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const base = `http://127.0.0.1:${address.port}`;
  const proxy: FaultProxy = {
    url: base,
    through: (url) => base + new URL(url).pathname,
    plan,
    calls,
    faults() {
      const sums = new Map<string, number>();
      for (const { service, operation, fault } of calls) {
        const kind = `${service}:${operation}:${fault}`;
        if (fault !== undefined) sums.set(kind, (sums.get(kind) ?? 0) + 1);
      }
      return sums;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return proxy;
}

const jsonAnswer = (value: unknown) => ({
  ...{ status: 200, headers: { "content-type": "application/x-amz-json-1.1" } },
  body: Buffer.from(JSON.stringify(value)),
});

function refuse(response: ServerResponse, fault: Fault, service: string): void {
  const kind = fault === "throttled" || fault === "refused" ? fault : "internal";
  const { status, headers, body } = wireError(kind, service);
  response.writeHead(status, headers).end(body);
}
