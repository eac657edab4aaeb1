/** What the text of an event tells without being parsed. */
export interface Peek {
  readonly auditID: string;
  /** What makes a request one, beside its auditID (audit-recorded.md 12). */
  readonly request: string;
  readonly verb: string;
  /** Everything before the bodies. */
  readonly head: string;
  /** Everything behind them: times and annotations. */
  readonly tail: string;
}

const ID = '"auditID":"';
const STAGE = '","stage":"';
const URI = '","requestURI":"';
const VERB = '","verb":"';
const RECEIVED = '"requestReceivedTimestamp":"';
/** A quote inside of a string is escaped: only the member itself is spelled so. */
const BODIES = ['"requestObject":', '"responseObject":'] as const;

/** Reads an event as Go writes it: `auditID`, `stage`, `requestURI`, `verb` in a row, the bodies, the time behind them. Undefined
 * for any other spelling, which has to be parsed. The last time stands: one in a body comes before it. */
export function peek(text: string): Peek | undefined {
  const start = text.indexOf(ID);
  const idEnd = start < 0 ? -1 : text.indexOf(STAGE, start);
  const uri = idEnd < 0 ? -1 : text.indexOf(URI, idEnd);
  const verb = uri < 0 ? -1 : text.indexOf(VERB, uri);
  const received = verb < 0 ? -1 : text.lastIndexOf(RECEIVED);
  if (received < verb) return undefined;
  const auditID = text.slice(start + ID.length, idEnd);
  const rawUri = text.slice(uri + URI.length, verb);
  // Other members stand between them: not Go's order.
  if (auditID.includes('"') || rawUri.includes('"')) return undefined;
  const verbText = text.slice(verb + VERB.length, text.indexOf('"', verb + VERB.length));
  const body = BODIES.map((name) => text.indexOf(name, verb)).find((at) => at >= 0 && at < received) ?? received;
  const time = received + RECEIVED.length;
  return {
    auditID,
    request: requestKey(
      rawUri.includes("\\") ? rawUri.replace(/\\u00(26|3[ce])/gi, (_, hex: string) => charOf(hex)) : rawUri,
      verbText,
      text.slice(time, text.indexOf('"', time)),
    ),
    verb: verbText,
    head: text.slice(0, body),
    tail: text.slice(received),
  };
}

const charOf = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));

export const requestKey = (uri: string, verb: string, receivedAt: string): string => `${receivedAt}\n${verb}\n${uri}`;
