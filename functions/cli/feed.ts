import { type Finding, severityRank } from "../../schemas/findings/finding.ts";
import { asffLine, type Place } from "../adapters/sinks/asff.ts";
import type { Output } from "../adapters/sinks/output.ts";
import { createTable } from "../adapters/sinks/table.ts";
import type { Outbox } from "../findings/desk.ts";
import type { FindingStore } from "../findings/ports.ts";
import { safe, safeJson, styleOf, wantsColour } from "../terminal.ts";
import type { LiveFormat } from "./options.ts";
import { columnsOf } from "./print.ts";

export interface FeedOptions {
  readonly format?: LiveFormat;
  readonly out?: string;
  readonly color: boolean;
  readonly shadow?: boolean;
  /** Stands where the log names no account or Region. */
  readonly cluster?: Place;
}

/** An outbox that writes findings as they appear: those that are new or were raised, as they are by then. What only counts further is not written again. */
export function createFeed(store: Pick<FindingStore, "read">, output: Output, options: FeedOptions): Outbox {
  const terminal = options.out === undefined && process.stdout.isTTY === true;
  const format = options.format ?? (terminal ? "table" : "ndjson");
  const style = styleOf(options.out === undefined && wantsColour(process.stdout, options.color, process.env));
  const table = createTable(columnsOf(options.out), style);
  let begun = false;

  async function write(finding: Finding): Promise<void> {
    if (format === "ndjson") return output.write(safeJson(finding));
    if (format === "asff") {
      const asff = asffLine(finding, options.cluster);
      if ("line" in asff) return output.write(asff.line);
      console.error(safe(`crosstrail: ${asff.refused}`));
      return;
    }
    if (!begun) await output.write(table.head);
    begun = true;
    await output.write(table.rule);
    await output.write(table.row(finding));
  }

  return async (letters) => {
    const news = letters.filter(({ notify }) => notify).map(({ id }) => id);
    const findings = (await store.read(news))
      .flatMap((kept) => kept?.draft.finding ?? [])
      .filter(({ status }) => options.shadow === true || status !== "shadow")
      .sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
    for (const finding of findings) await write(finding);
  };
}
