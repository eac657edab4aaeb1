import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ledgerDetectors } from "../../detectors/registry.ts";
import { ledgerFlow } from "../support/ledger.ts";
import { root } from "../tools/folders.ts";

const samples = ledgerDetectors.flatMap((detector) => {
  const folder = join(root, "detectors", detector.meta.id, "events");
  return readdirSync(folder).map((file) => {
    const lines = readFileSync(join(folder, file), "utf8").trimEnd().split("\n");
    return [`${detector.meta.id}/${file}`, detector, lines] as const;
  });
});

/** The records in any order, some of them twice, cut into chunks anywhere. */
const delivery = (lines: readonly string[]) =>
  fc
    .array(fc.nat(lines.length - 1), { maxLength: 4 })
    .chain((again) => {
      const all = [...lines, ...again.flatMap((index) => lines[index] ?? [])];
      return fc.tuple(
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        fc.array(fc.boolean(), { minLength: all.length, maxLength: all.length }),
      );
    })
    .map(([order, cuts]) => {
      const chunks: string[] = [];
      for (const [index, line] of order.entries()) {
        const last = chunks.at(-1);
        if (last === undefined || cuts[index]) chunks.push(line);
        else chunks[chunks.length - 1] = `${last}\n${line}`;
      }
      return chunks;
    });

describe("a sample of the ledger's detectors tells the same, however it is delivered", () => {
  it.each(samples)("%s", async (_, detector, lines) => {
    const found = async (chunks: readonly string[]): Promise<string[]> =>
      (await ledgerFlow(chunks, { detectors: [detector] })).findings
        .map(({ id, severity, count, title, reasons }) => [id, severity, count, title, ...reasons].join("\n"))
        .sort();
    const once = await found(lines);
    await fc.assert(
      fc.asyncProperty(delivery(lines), async (chunks) => {
        expect(await found(chunks)).toEqual(once);
      }),
      { numRuns: 12 },
    );
  });
});
