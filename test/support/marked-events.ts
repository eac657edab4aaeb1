/** Lines that are told apart wherever they come, also where one is put twice. */

/** What a record is made of: lines of one trail. `poison`: it cannot be opened. */
export interface Pieces {
  readonly lines: readonly string[];
  readonly poison?: true;
  readonly partitionKey?: string;
}

export interface Marked {
  readonly mark: string;
  /** It is an event. */
  readonly readable: boolean;
}

/** A line that is no event of any trail. */
const NO_EVENT = "is no event";
export const isEvent = (line: string): boolean => line !== NO_EVENT;

/** An event with a member more, its last, which nothing reads; or else text that begins with the mark, which errors quote. */
export const marked = (line: string, mark: string): string =>
  isEvent(line) ? line.replace(/\}$/, `,"mark":"${mark}"}`) : `${mark} ${line}`;

/** Of an event's text, or of its end. */
export const markOf = (text: string): string => /,"mark":"(#\d+#)"\}$/.exec(text)?.[1] ?? "";
/** Of the words of an error. */
export const markIn = (message: string): string => /#\d+#/.exec(message)?.[0] ?? "";

/** Partition keys. */
const KEYS = ["a", "b", "c", "d", "e"] as const;
const isCall = (line = ""): boolean => line.includes('"eventSource"');

/** Records of at most `size` lines: a log group sends its own trail only. */
export function recordsOf(all: readonly string[], size: number): Pieces[] {
  const groups: string[][] = [];
  for (const line of all) {
    const last = groups.at(-1);
    const fits = isCall(last?.[0]) === isCall(line) || !isEvent(line);
    if (last !== undefined && last.length < size && fits) last.push(line);
    else groups.push([line]);
  }
  return groups.map((lines, index) => ({ lines, partitionKey: KEYS[index % KEYS.length] ?? "a" }));
}

/** Lines with one that is no event at each of these places. */
export const spoiled = (lines: readonly string[], places: readonly number[]): readonly string[] =>
  places.reduce((all, at) => all.toSpliced(at, 0, NO_EVENT), lines);

/** A record that cannot be opened. */
export const poison: Pieces = { lines: [NO_EVENT], poison: true };
