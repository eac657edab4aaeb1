import wrapAnsi from "wrap-ansi";
import { safe } from "../../terminal.ts";

/** Text of a log on lines of at most `width` columns: made safe, then wrapped at words. A word that is too long for a
 * line (an ARN, a detector's id) breaks behind one of `/ : @ . -` where it can. */
export function wrapped(text: string, width: number): string {
  const breakable = safe(text).replace(/\S+/g, (word) => (word.length > width ? broken(word, width) : word));
  return wrapAnsi(breakable, width, { hard: true });
}

function broken(word: string, width: number): string {
  const lines: string[] = [];
  let rest = word;
  while (rest.length > width) {
    const end = rest.slice(0, width).search(/[/:@.-][^/:@.-]*$/) + 1;
    if (end === 0) break;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...lines, rest].join("\n");
}
