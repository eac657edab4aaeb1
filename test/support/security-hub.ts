import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import {
  type Findings as Account,
  type Caller,
  createFindings,
  HubError,
  type Imported,
  type Json,
} from "./security-hub-rules.ts";
import { createThrottle } from "./throttle.ts";

/** What goes wrong with a call, and whether before or after its effect. */
export type Trouble =
  | "throttled"
  | "internal"
  /** The hub is switched off. */
  | "disabled"
  | "reset"
  /** Imported, but the answer is lost. */
  | "lost";

export interface HubCall {
  readonly operation: string;
  /** Finding ids, in the order of the call. */
  readonly ids: readonly string[];
  /** HTTP status; nothing when the connection was cut. */
  status?: number;
  answer?: Imported;
}

export interface SecurityHub {
  /** For `AWS_ENDPOINT_URL_SECURITYHUB`. */
  readonly url: string;
  /** Of all accounts. */
  readonly findings: () => readonly Json[];
  /** Every call, refused or not. */
  readonly calls: readonly HubCall[];
  /** Asked for each call, by its number from 0. May be changed at any time. */
  plan: (call: number, operation: string) => Trouble | undefined;
  /** Asked for each finding that is right otherwise: an ErrorCode makes that one fail. */
  refuse: (finding: Json) => string | undefined;
  /** Waits until no call is being answered, and ends. */
  readonly close: () => Promise<void>;
}

interface Options extends Partial<Caller> {
  /** The account that an access key is of. By default all are of `account`. */
  readonly accountOf?: (accessKeyId: string) => Promise<string>;
  /** ms; for the throttle. */
  readonly now?: () => number;
}

/**
 * Security Hub on a port of the loopback, for real clients in this and other processes: BatchImportFindings, GetFindings and
 * BatchUpdateFindings in REST-JSON, with the limits of the service. Rates: 10 calls a second, 30 at once; GetFindings 3 and 6.
 */
export async function startSecurityHub(options: Options = {}): Promise<SecurityHub> {
  const { account = "000000000000", region = "eu-central-1", now = Date.now } = options;
  const { accountOf = async () => account } = options;
  const accounts = new Map([[account, createFindings({ account, region })]]);
  const findingsOf = (of: string): Account => {
    const findings = accounts.get(of) ?? createFindings({ account: of, region });
    accounts.set(of, findings);
    return findings;
  };
  const mayImport = createThrottle(10, 30, now);
  const mayGet = createThrottle(3, 6, now);
  const calls: HubCall[] = [];

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => fail(response, error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const operation = OPERATIONS[`${request.method} ${new URL(request.url ?? "/", "http://hub").pathname}`];
    const number = calls.length;
    const call: HubCall = { operation: operation ?? "?", ids: idsOf(body) };
    calls.push(call);
    try {
      if (operation === undefined) throw new HubError("UnknownOperationException", 404, "");
      const caller = await accountOf(checkSignature(request, region));
      const trouble = hub.plan(number, operation);
      if (trouble === "reset") return void request.socket.destroy();
      raise(trouble, caller);
      const allowed = operation === "GetFindings" ? mayGet() : mayImport();
      if (!allowed) raise("throttled", caller);
      const result = perform(operation, findingsOf(caller), body, call);
      if (trouble === "lost") return void request.socket.destroy();
      call.status = 200;
      response.setHeader("content-type", "application/json").end(JSON.stringify(result));
    } catch (error) {
      call.status = error instanceof HubError ? error.status : 500;
      throw error;
    }
  }

  function perform(operation: Operation, findings: Account, body: Buffer, call: HubCall): unknown {
    const input = parse(body);
    if (operation === "GetFindings") return page(findings.all(), input);
    if (operation === "BatchUpdateFindings") return update(findings, input);
    call.answer = findings.import(input, body.length, hub.refuse);
    return call.answer;
  }

  function update(findings: Account, input: Json): unknown {
    const { FindingIdentifiers, ...changes } = input;
    const asked = (FindingIdentifiers ?? []) as readonly { readonly Id: string; readonly ProductArn: string }[];
    const done = asked.map((finding) => ({ finding, found: findings.amend(finding.Id, finding.ProductArn, changes) }));
    return {
      ProcessedFindings: done.filter(({ found }) => found).map(({ finding }) => finding),
      UnprocessedFindings: done
        .filter(({ found }) => !found)
        .map(({ finding }) => ({
          FindingIdentifier: finding,
          ...{ ErrorCode: "FindingNotFound", ErrorMessage: "Finding Not Found" },
        })),
    };
  }

  const port = await listen(server);
  const hub: SecurityHub = {
    url: `http://127.0.0.1:${port}`,
    findings: () => [...accounts.values()].flatMap((findings) => findings.all()),
    calls,
    plan: () => undefined,
    refuse: () => undefined,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return hub;
}

type Operation = "BatchImportFindings" | "GetFindings" | "BatchUpdateFindings";
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "POST /findings/import": "BatchImportFindings",
  "POST /findings": "GetFindings",
  "PATCH /findings/batchupdate": "BatchUpdateFindings",
};

function raise(trouble: Trouble | undefined, account: string): void {
  // As prowler#5004 shows it.
  if (trouble === "throttled") throw new HubError("TooManyRequestsException", 429, "Too Many Requests");
  if (trouble === "internal") throw new HubError("InternalException", 500, "Internal server error");
  if (trouble === "disabled")
    throw new HubError("InvalidAccessException", 401, `Account ${account} is not subscribed to AWS Security Hub`);
}

function fail(response: ServerResponse, error: unknown): void {
  const { code, status, message } =
    error instanceof HubError ? error : new HubError("InternalException", 500, `The double itself failed: ${error}`);
  response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": code });
  response.end(JSON.stringify({ Code: code, Message: message }));
}

/** That it is signed, and for this service and region. Gives the access key that it says it is signed with. */
function checkSignature({ headers }: IncomingMessage, region: string): string {
  const scope = /Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(headers.authorization ?? "");
  if (scope === null) throw new HubError("MissingAuthenticationTokenException", 403, "Missing Authentication Token");
  const [, key = "", where, service] = scope;
  if (where !== region || service !== "securityhub")
    throw new HubError("InvalidSignatureException", 403, "Credential should be scoped to a valid region.");
  return key;
}

function parse(body: Buffer): Json {
  const input = jsonOf(body);
  if (input === undefined) throw new HubError("InvalidInputException", 400, "The body is not JSON.");
  return input;
}

function jsonOf(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString());
  } catch {
    return;
  }
}

function idsOf(body: Buffer): readonly string[] {
  const { Findings = [] } = jsonOf(body) ?? {};
  return Array.isArray(Findings) ? Findings.map(({ Id }: Json) => String(Id)) : [];
}

/** One page of GetFindings: filters that compare text, of fields that are text. Any other filter is refused, not passed over. */
function page(all: readonly Json[], { Filters = {}, MaxResults = 100, NextToken }: Json): unknown {
  const wanted = Object.entries(Filters as Json).map(([field, tests]) => ({
    field: field === "RecordState" ? field : (TEXT_FIELDS[field] ?? refuseFilter(field)),
    tests: tests as readonly { readonly Value: string; readonly Comparison: string }[],
  }));
  const found = all.filter((finding) =>
    wanted.every(({ field, tests }) => tests.some((test) => matches(String(finding[field]), test))),
  );
  const from = Number(NextToken ?? 0);
  const to = from + Number(MaxResults);
  return { Findings: found.slice(from, to), ...(to < found.length ? { NextToken: String(to) } : {}) };
}

const TEXT_FIELDS: Readonly<Record<string, string>> = {
  ...{ Id: "Id", AwsAccountId: "AwsAccountId", GeneratorId: "GeneratorId", ProductArn: "ProductArn", Title: "Title" },
};
const refuseFilter = (field: string): never => {
  throw new HubError("InvalidInputException", 400, `The double has no filter ${field}.`);
};

function matches(value: string, { Value, Comparison }: { readonly Value: string; readonly Comparison: string }) {
  if (Comparison === "EQUALS") return value === Value;
  if (Comparison === "PREFIX") return value.startsWith(Value);
  return refuseFilter(Comparison);
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
