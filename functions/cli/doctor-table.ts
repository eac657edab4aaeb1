import { columns, GAP } from "../adapters/sinks/columns.ts";
import { wrapped } from "../adapters/sinks/wrap.ts";
import type { Outcome, Result } from "../doctor/result.ts";
import { type Style, safe } from "../terminal.ts";

const OUTCOME = 8;
const CHECK = 20;
const MIN_TEXT = 40;

/** Results as a table that fits the terminal, and below it, uncut, what is to be done: commands are there to be copied. */
export function* resultLines(results: readonly Result[], width: number, style: Style): Generator<string> {
  const text = Math.max(MIN_TEXT, width - OUTCOME - CHECK - 2 * GAP);
  const rule = style.dim("─".repeat(OUTCOME + CHECK + text + 2 * GAP));
  for (const [of, some] of Map.groupBy(results, (result) => result.of)) {
    yield rule;
    yield style.bold(safe(of));
    for (const { outcome, check, says } of some)
      yield columns([LABELS[outcome](style), wrapped(check, CHECK), wrapped(says, text)], [OUTCOME, CHECK, text]);
  }
  yield rule;
  yield* mendLines(
    "To mend",
    results.filter(({ outcome }) => outcome === "missing"),
    style,
  );
  yield* mendLines(
    "Worth doing",
    results.filter(({ outcome }) => outcome === "ok"),
    style,
  );
  const rights = [...new Set(results.flatMap(({ needs }) => needs ?? []))].sort();
  if (rights.length > 0) {
    yield style.bold("Rights that were missing");
    for (const right of rights) yield `  ${safe(right)}`;
    yield "";
  }
  yield totals(results);
}

const LABELS: Readonly<Record<Outcome, (style: Style) => string>> = {
  ok: () => "ok",
  missing: (style) => style.severity("high", "missing"),
  unknown: (style) => style.severity("medium", "unknown"),
  "not applicable": (style) => style.dim("n/a"),
};

function* mendLines(title: string, results: readonly Result[], style: Style): Generator<string> {
  const open = results.filter(({ mend = [] }) => mend.length > 0);
  if (open.length === 0) return;
  yield style.bold(title);
  for (const { of, check, mend = [] } of open) {
    yield style.dim(safe(`  # ${of}: ${check}`));
    for (const line of mend) yield safe(`  ${line}`);
  }
  yield "";
}

export const countsOf = (results: readonly Result[]): Readonly<Record<Outcome, number>> => {
  const count = (wanted: Outcome): number => results.filter(({ outcome }) => outcome === wanted).length;
  return {
    ...{ ok: count("ok"), missing: count("missing"), unknown: count("unknown") },
    "not applicable": count("not applicable"),
  };
};

function totals(results: readonly Result[]): string {
  const { ok, missing, unknown, "not applicable": other } = countsOf(results);
  return `${results.length} checks: ${ok} ok, ${missing} missing, ${unknown} unknown, ${other} not applicable`;
}
