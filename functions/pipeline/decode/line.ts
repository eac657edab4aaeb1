import { beforeCutMark } from "./cut-mark.ts";
import { trailByHead } from "./heads.ts";

/** Two values on one line. A quote inside of a string is escaped, so this can stand inside a value only where a string ends in a bracket: looking closer
 * at such a line costs time and nothing else. */
const GLUED = /\}\s*\{"/;
/** The head of a document whose list of records is streamed, also from one line: a cut one gives the records before the cut. */
const LISTED = /"(?:Records|events|Events|items|results)"\s*:\s*\[/;
const HEAD = 400;
/** A row of Logs Insights: a list, and yet one event. */
const ROW = /^\[\s*\{\s*"field"/;
/** What a line ends in that goes on in the next one. */
const UNFINISHED = /[[{,}\]]$/;
/** What a line begins with that goes on with the one before it: the next member, or the end of a list or an object. */
const CONTINUES = /[,:}\]]/;
/** What a line of a document begins with, beside those. */
const INSIDE = /["[{0-9tfn-]/;

/** A list of anything but numbers, or of what follows in the next line: a log line may begin with a bracket as well. */
const LIST = /^\[\s*(?:[[{"]|$)/;
const LONGEST_HEADER = 1_000;

/** A record of a trail from its head to its end: nothing else needs to be known to frame it, most lines are. */
export const isHotWhole = (line: string): boolean => line.endsWith("}") && trailByHead(line) !== undefined;

/** What a line that begins with a bracket is: a frame, whole or cut, or the beginning of a document over several lines or of several values.
 * `next` is the first character after it, empty at the end of the input. */
export function isFrame(line: string, next: string): boolean {
  if (GLUED.test(line)) return false;
  if (isHotWhole(line)) return true;
  if (trailByHead(line) !== undefined) return isCut(line, next);
  if (LISTED.test(line.slice(0, HEAD))) return false;
  if (line.startsWith("[")) return (line.endsWith("]") && ROW.test(line)) || !LIST.test(line);
  return line.endsWith("}") ? !CONTINUES.test(next) : isCut(line, next);
}

/** A line that is not whole and does not go on: it ends anywhere, or bears the mark. */
function isCut(line: string, next: string): boolean {
  if (beforeCutMark(line) !== undefined || next === "") return true;
  return !(CONTINUES.test(next) || (UNFINISHED.test(line) && INSIDE.test(next)));
}

/** A line that holds no event: names of columns above a CSV export of Logs Insights or of the console's log viewer, or the comma behind a value. */
export function isNoEvent(line: string): boolean {
  if (line === "," || line.length > LONGEST_HEADER) return line === ",";
  const columns = line.split(",").map((column) => column.replace(/^"(.*)"$/, "$1"));
  if (!columns.every((column) => /^@?[\w.]+$/.test(column))) return false;
  return columns.includes("@message") || (columns.includes("message") && columns.includes("timestamp"));
}
