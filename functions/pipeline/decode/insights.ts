import { timeOr } from "../../../schemas/events/event.ts";
import { at, text } from "../../../schemas/json.ts";
import { jsonText } from "./json-text.ts";
import { messageOf, scopeOf } from "./log-group.ts";
import type { Around, Envelope, Piece } from "./piece.ts";

/** Logs Insights writes UTC without saying so. */
const WITHOUT_ZONE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/;

/** ms of a time as Logs Insights, an S3 export or the console's log viewer writes it; undefined when it is none. */
export function exportedTime(value: string): number | undefined {
  if (/^\d{13}$/.test(value)) return Number(value);
  const time = Date.parse(WITHOUT_ZONE.test(value) ? `${value.replace(" ", "T")}Z` : value);
  return Number.isNaN(time) ? undefined : time;
}

/** One event of a query: what its fields tell, whatever form the export has. */
export function queried(field: (name: string) => unknown, around: Around): Piece {
  const told = (name: string): string | undefined => text(field(name));
  const scope = scopeOf(around.scope, {
    account: told("@aws.account"),
    region: told("@aws.region"),
    group: told("@log"),
  });
  const loggedAt = timeOr(around.loggedAt, exportedTime(told("@timestamp") ?? ""));
  return messageOf(told("@logStream"), field("@message"), { ...around, scope, loggedAt });
}

/** A row of the console's JSON export. */
export const queryObject: Envelope = {
  is: (value) => Object.hasOwn(value, "@message"),
  open: (value, around) => [queried((name) => at(value, name), around)],
};

/** A row of `aws logs get-query-results`: a list of fields with their values. Also one field of it, where a tool took the rows apart. */
export const queryRow: Envelope = {
  is(value) {
    const cells = Array.isArray(value) ? value : [value];
    return cells.length > 0 && cells.every(isCell) && cells.some((cell) => at(cell, "field") === "@message");
  },
  open(value, around) {
    const cells: readonly unknown[] = Array.isArray(value) ? value : [value];
    const field = (name: string): unknown =>
      at(
        cells.find((cell) => at(cell, "field") === name),
        "value",
      );
    return [queried(field, around)];
  },
};

/** The same without a message: nothing to judge, and one piece, not one a field. */
export const emptyRow: Envelope = {
  is: (value) => Array.isArray(value) && value.length > 0 && value.every(isCell),
  open: (value, around) => [
    {
      kind: "aside",
      code: "E_UNKNOWN_SHAPE",
      message: "a query result without @message",
      excerpt: jsonText(value) ?? "",
      around,
    },
  ],
};

const isCell = (cell: unknown): boolean => typeof at(cell, "field") === "string";
