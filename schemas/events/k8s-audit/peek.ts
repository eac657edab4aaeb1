import { decodePath, refOfPath } from "./uri.ts";

/** What the text of an event tells without being parsed: its members up to the bodies, and those behind them. */
export interface Peek {
  readonly auditID: string;
  /** What makes a request one, beside its auditID (audit-recorded.md 12). */
  readonly request: string;
  readonly stage: string;
  readonly uri: string;
  readonly verb: string;
  readonly username: string;
  /** `user` and `impersonatedUser`, as text. */
  readonly users: string;
  /** `sourceIPs` and `userAgent`, as text. */
  readonly origin: string;
  /** Of `objectRef`; empty where it has none. */
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** `responseStatus`, as text. */
  readonly status: string;
  /** Times and annotations, as text. */
  readonly tail: string;
}

/** How Go begins an event: the members of its type, in their order. */
const HEAD =
  /^\{"kind":"Event","apiVersion":"[^"]*","level":"[^"]*","auditID":"([^"]*)","stage":"([^"]*)","requestURI":"([^"]*)","verb":"([^"]*)","user":\{(?:"username":"([^"]*)")?/;
const USER = '"user":{';
const SOURCES = '"sourceIPs":["';
const REF = '"objectRef":{';
const STATUS = '"responseStatus":{';
const RECEIVED = '"requestReceivedTimestamp":"';
/** A quote inside of a string is escaped: only the member itself is spelled so. */
const BODY = /"(?:request|response)Object":/;
/** Text that ends or continues otherwise than it looks. */
const NOT_PLAIN = /["\\]/;
/** Without either, the path of a URI names no object. */
const API = /api|%/;
/** Escapes that Go does not need: another producer wrote them, and may spell anything in them. Go escapes `<`, `>`, `&` and controls. */
const FOREIGN_ESCAPE = /\\u(?!003[ceCE]|0026|00[01])|\\\//;

/** Reads an event as Go writes it, member by member in the order of its type. Undefined for any other spelling, which has to be parsed.
 * The keys of `extra` are the client's (audit-recorded.md 6), but their values are lists: none can pass for an object, and the last list of
 * addresses is the server's. */
export function peek(text: string): Peek | undefined {
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  const [head, auditID = "", stage = "", rawUri = "", verb = "", username = ""] = match;
  const userAt = text.indexOf(USER, rawUri.length);
  const received = text.lastIndexOf(RECEIVED);
  if (received < head.length) return undefined;
  const uri = rawUri.includes("\\") ? rawUri.replace(/\\u00(26|3[ce])/g, (_, hex: string) => charOf(hex)) : rawUri;
  // The parsed event would give another text.
  if (NOT_PLAIN.test(auditID) || NOT_PLAIN.test(uri) || NOT_PLAIN.test(verb)) return undefined;
  const about = before(text.indexOf(REF, userAt), received);
  // Bodies are kept only of what has a reference. A key of `extra` may bear their names; it stands before it.
  const body = about < received ? text.slice(about, received).search(BODY) : -1;
  const end = body < 0 ? received : about + body;
  const statusAt = before(text.indexOf(STATUS, about < received ? about : userAt), end);
  const refAt = Math.min(about, statusAt);
  const ref = text.slice(refAt, statusAt);
  const sources = text.lastIndexOf(SOURCES, refAt);
  const sourcesAt = sources < userAt ? refAt : sources;
  const users = text.slice(userAt, sourcesAt);
  const tail = text.slice(received);
  if (ref === "" ? namesObject(uri) : ref.includes("\\")) return undefined;
  if (users.includes("\\") && FOREIGN_ESCAPE.test(users)) return undefined;
  if (tail.includes("\\u") && FOREIGN_ESCAPE.test(tail)) return undefined;
  return {
    auditID,
    request: requestKey(uri, verb, quotedAt(text, received + RECEIVED.length)),
    ...{ stage, uri, verb, username, users, tail },
    origin: text.slice(sourcesAt, refAt),
    group: memberOf(ref, '"apiGroup":"'),
    resource: memberOf(ref, '"resource":"'),
    subresource: memberOf(ref, '"subresource":"'),
    name: memberOf(ref, '"name":"'),
    status: text.slice(statusAt, end),
  };
}

/** Without a reference, the URI has to tell what a request is about. */
const namesObject = (uri: string): boolean =>
  API.test(uri) && refOfPath(decodePath(uri.replace(/\?.*$/s, ""))) !== undefined;

const before = (at: number, end: number): number => (at < 0 || at > end ? end : at);
const quotedAt = (text: string, at: number): string => text.slice(at, text.indexOf('"', at));

function memberOf(object: string, member: string): string {
  const at = object.indexOf(member);
  return at < 0 ? "" : quotedAt(object, at + member.length);
}

const charOf = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));

export const requestKey = (uri: string, verb: string, receivedAt: string): string => `${receivedAt}\n${verb}\n${uri}`;

/** When the request was received, as its text has it. */
export const receivedIn = ({ request }: Pick<Peek, "request">): string => request.slice(0, request.indexOf("\n"));
