import { exportedTime, queried } from "./insights.ts";
import type { Around, Piece } from "./piece.ts";

/** A line of CloudWatch Logs exported to S3: its time before it. */
const EXPORTED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\s+(?=\S)/;
/** A row of a CSV export: begins with a time, or holds a quoted JSON object, whose quotes are doubled. */
const CSV = /^"?(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{13})"?,|"\{""|"\{\}"/;
const MAX_CELLS = 50;
const STREAM = /^(?:kube-|authenticator-|cloud-controller-manager-)/;
const GROUP = /^\d{12}:\//;

/** What a line holds that is no JSON by itself: a message behind its time. Undefined for any other line. */
export function linePiece(raw: string, around: Around): Piece | undefined {
  const exported = EXPORTED.exec(raw);
  if (exported !== null)
    return {
      kind: "text",
      text: raw.slice(exported[0].length),
      around: { ...around, loggedAt: exportedTime(exported[1] ?? "") ?? 0 },
    };
  return CSV.test(raw) ? rowPiece(cellsOf(raw), around) : undefined;
}

/** A row names no columns, but each of those that matter looks like nothing else. */
function rowPiece(cells: readonly string[], around: Around): Piece | undefined {
  const message = cells.find((cell) => cell.startsWith("{")) ?? cells.find(isOtherLog);
  if (message === undefined) return undefined;
  const fields: Readonly<Record<string, string | undefined>> = {
    "@message": message,
    "@timestamp": cells.find((cell) => cell.length < 30 && exportedTime(cell) !== undefined),
    "@logStream": cells.find((cell) => STREAM.test(cell)),
    "@log": cells.find((cell) => GROUP.test(cell)),
  };
  return queried((name) => fields[name], around);
}

/** The cells of a row; a quoted one may lack its last quote, where the row was cut. */
function cellsOf(row: string): readonly string[] {
  const cells: string[] = [];
  for (let start = 0; start < row.length && cells.length < MAX_CELLS; ) {
    const quoted = row[start] === '"';
    const end = quoted ? endOfQuoted(row, start + 1) : start;
    cells.push(quoted ? row.slice(start + 1, end).replaceAll('""', '"') : row.slice(start, commaFrom(row, start)));
    start = commaFrom(row, end) + 1;
  }
  return cells;
}

function endOfQuoted(row: string, start: number): number {
  let quote = row.indexOf('"', start);
  while (quote >= 0 && row[quote + 1] === '"') quote = row.indexOf('"', quote + 2);
  return quote < 0 ? row.length : quote;
}

function commaFrom(row: string, start: number): number {
  const comma = row.indexOf(",", start);
  return comma < 0 ? row.length : comma;
}

/** klog (`I1124 10:00:00.0 …`) and the authenticator's logfmt (`time="…" level=…`). */
export function isOtherLog(line: string): boolean {
  return /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+/.test(line) || /^time="?[^\s"]+"? level=/.test(line);
}
