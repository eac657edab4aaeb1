import type { IncomingMessage, ServerResponse } from "node:http";

/** A request of any of AWS' protocols, as far as the commands use them. */
export interface Request {
  readonly operation: string;
  readonly input: object;
  /** Writes an answer as the protocol has it. */
  readonly answer: (output: object) => void;
  readonly refuse: (error: Error) => void;
}

interface Route {
  readonly path: RegExp;
  readonly query?: string;
  readonly operation: string;
  readonly xml?: true;
}

/** Operations that are told by their path; S3 in the path style, last, as it has any path. */
const ROUTES: readonly Route[] = [
  { path: /^\/clusters\/(?<name>[^/]+)$/, operation: "DescribeCluster" },
  { path: /^\/accounts$/, operation: "DescribeHub" },
  { path: /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/configuration$/, operation: "GetFunctionConfiguration" },
  { path: /^\/2015-03-31\/event-source-mappings\/?$/, operation: "ListEventSourceMappings" },
  { path: /^\/(?<Bucket>[^/]+)\/?$/, query: "list-type", operation: "ListObjectsV2", xml: true },
  { path: /^\/(?<Bucket>[^/]+)\/(?<Key>.+)$/, operation: "GetObject", xml: true },
];

/** The operation that a request asks for: by its target (JSON), its form (Query) or its path (REST). */
export function requestOf(request: IncomingMessage, body: string, response: ServerResponse): Request {
  const target = request.headers["x-amz-target"];
  if (typeof target === "string")
    return { ...json(response), operation: target.split(".").at(-1) ?? "", input: JSON.parse(body) as object };
  if (String(request.headers["content-type"]).startsWith("application/x-www-form-urlencoded")) {
    const { Action: operation = "", ...input } = Object.fromEntries(new URLSearchParams(body));
    return { ...query(response, operation), operation, input };
  }
  const url = new URL(request.url ?? "/", "http://localhost");
  const route = ROUTES.find(
    (one) => one.path.test(url.pathname) && (one.query === undefined || url.searchParams.has(one.query)),
  );
  const parts = Object.entries(route?.path.exec(url.pathname)?.groups ?? {});
  const input = Object.fromEntries([
    ...url.searchParams,
    ...parts.map(([key, value]) => [key, decodeURIComponent(value)] as const),
  ]);
  return { ...(route?.xml ? s3(response) : json(response)), operation: route?.operation ?? "", input };
}

function send(response: ServerResponse, type: string, body: string, status = 200): void {
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.end(body);
}

const json = (response: ServerResponse): Pick<Request, "answer" | "refuse"> => ({
  answer: (output) => send(response, "application/x-amz-json-1.1", JSON.stringify(output)),
  refuse({ name, message }) {
    response.setHeader("x-amzn-errortype", name);
    send(response, "application/x-amz-json-1.1", JSON.stringify({ __type: name, message }), 400);
  },
});

const query = (response: ServerResponse, operation: string): Pick<Request, "answer" | "refuse"> => ({
  answer: (output) =>
    send(
      response,
      "text/xml",
      element(`${operation}Response`, element(`${operation}Result`, children(output, "member"))),
    ),
  refuse: ({ name, message }) =>
    send(
      response,
      "text/xml",
      element("ErrorResponse", element("Error", children({ Code: name, Message: message }))),
      400,
    ),
});

const s3 = (response: ServerResponse): Pick<Request, "answer" | "refuse"> => ({
  answer(output) {
    // The content of an object is no XML.
    if ("Body" in output) send(response, "application/json", String(output.Body));
    else send(response, "text/xml", element("ListBucketResult", children(output)));
  },
  refuse: ({ name, message }) =>
    send(
      response,
      "text/xml",
      element("Error", children({ Code: name, Message: message })),
      name === "NoSuchKey" ? 404 : 403,
    ),
});

const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;

/** `member`: the name of what is in a list; without it a list repeats its own. */
function children(value: unknown, member?: string): string {
  if (value === null || typeof value !== "object")
    return String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return Object.entries(value)
    .map(([name, one]) => {
      if (!Array.isArray(one)) return element(name, children(one, member));
      if (member === undefined) return one.map((item) => element(name, children(item))).join("");
      return element(name, one.map((item) => element(member, children(item, member))).join(""));
    })
    .join("");
}
