import type { IncomingHttpHeaders } from "node:http";

/** A request to AWS, as far as it can be told from the wire. */
export interface AwsCall {
  /** As credentials are scoped: `dynamodb`, `kinesis`, `sqs`, `s3`, `securityhub`, ... */
  readonly service: string;
  /** `PutItem`; a method and path where nothing names it. */
  readonly operation: string;
  /** Names, ARNs and URLs of what it is about, sorted. */
  readonly resources: readonly string[];
}

export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Members that name a resource, in any service used here. */
const NAMES = new Set(
  [
    "TableName",
    "StreamName",
    "StreamARN",
    "QueueUrl",
    "TopicArn",
    "TargetArn",
    "KeyId",
    "SecretId",
    "FunctionName",
  ].concat([
    "logGroupName",
    "logGroupIdentifier",
    "EventSourceArn",
    "ProductArn",
    "RoleArn",
    "EventBusName",
    "QueueName",
    "Rule",
  ]),
);
/** DynamoDB's batch calls: the keys are tables. */
const TABLES = "RequestItems";

export function readCall(request: WireRequest): AwsCall {
  const url = new URL(request.url, "http://aws");
  const service = serviceOf(request, url);
  const input = inputOf(request);
  const operation = operationOf(request, url, service, input);
  const resources = [...new Set([...namesIn(input), ...pathNames(url, service)])].toSorted();
  return { service, operation, resources };
}

function serviceOf({ headers }: WireRequest, { searchParams }: URL): string {
  const scope = headers.authorization ?? searchParams.get("X-Amz-Credential") ?? "";
  return /\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(scope)?.[1] ?? "?";
}

/** JSON, or a form (the query protocol). */
function inputOf({ body, headers }: WireRequest): unknown {
  if (body.length === 0) return {};
  if (headers["content-type"]?.includes("x-www-form-urlencoded"))
    return Object.fromEntries(new URLSearchParams(body.toString()));
  try {
    return JSON.parse(body.toString());
  } catch {
    return {}; // an object of S3, or CBOR
  }
}

function operationOf({ method, headers }: WireRequest, url: URL, service: string, input: unknown): string {
  const target = headers["x-amz-target"];
  if (typeof target === "string") return target.slice(target.lastIndexOf(".") + 1);
  const rpc = /^\/service\/[^/]+\/operation\/([^/]+)$/.exec(url.pathname)?.[1];
  if (rpc !== undefined) return rpc;
  if (isObject(input) && typeof input.Action === "string") return input.Action;
  return ROUTES[service]?.find((route) => route.fits(method, url))?.operation ?? `${method} ${url.pathname}`;
}

interface Route {
  readonly operation: string;
  readonly fits: (method: string, url: URL) => boolean;
}
const path = (operation: string, method: string, pattern: RegExp): Route => ({
  operation,
  fits: (asked, { pathname }) => asked === method && pattern.test(pathname),
});
const asking = (parameter: string, { operation, fits }: Route): Route => ({
  operation,
  fits: (method, url) => url.searchParams.has(parameter) && fits(method, url),
});
const OBJECT = /^\/[^/]+\/.+/;
const BUCKET = /^\/[^/]+\/?$/;

const ROUTES: Readonly<Record<string, readonly Route[]>> = {
  securityhub: [
    path("BatchImportFindings", "POST", /^\/findings\/import$/),
    path("GetFindings", "POST", /^\/findings$/),
    path("BatchUpdateFindings", "PATCH", /^\/findings\/batchupdate$/),
  ],
  lambda: [
    path("Invoke", "POST", /\/functions\/[^/]+\/invocations$/),
    path("CreateFunction", "POST", /\/functions$/),
    path("CreateEventSourceMapping", "POST", /\/event-source-mappings\/?$/),
  ],
  s3: [
    path("PutObject", "PUT", OBJECT),
    // Another right than the object's as it is now.
    asking("versionId", path("GetObjectVersion", "GET", OBJECT)),
    path("GetObject", "GET", OBJECT),
    path("HeadObject", "HEAD", OBJECT),
    path("DeleteObject", "DELETE", OBJECT),
    path("CreateBucket", "PUT", BUCKET),
    asking("versions", path("ListObjectVersions", "GET", BUCKET)),
    path("ListObjectsV2", "GET", BUCKET),
  ],
};

function pathNames({ pathname }: URL, service: string): readonly string[] {
  const parts = pathname.split("/").filter((part) => part !== "");
  if (service === "s3" && parts.length > 0) return [decodeURIComponent(parts.join("/"))];
  const at = parts.indexOf("functions");
  const name = at === -1 ? undefined : parts[at + 1];
  return service === "lambda" && name !== undefined ? [decodeURIComponent(name)] : [];
}

function namesIn(input: unknown): string[] {
  if (Array.isArray(input)) return input.flatMap(namesIn);
  if (!isObject(input)) return [];
  return Object.entries(input).flatMap(([name, value]) => {
    if (NAMES.has(name) && typeof value === "string") return [value];
    return name === TABLES && isObject(value) ? Object.keys(value) : namesIn(value);
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
