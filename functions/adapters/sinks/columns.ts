import Table from "cli-table3";

/** A cell: its lines are wrapped and safe already. */
export type Cell = string | { readonly content: string; readonly hAlign: "right" };

/** Between two columns. */
export const GAP = 2;

const FRAMELESS = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "", right: "", "right-mid": "" },
  middle: " ".repeat(GAP),
};
const STYLE = { "padding-left": 0, "padding-right": 0, head: [], border: [] };

/** Cells side by side, without a frame: the columns are for the text. One row is one table, as the time that cli-table3 takes
 * grows with the square of the rows. */
export function columns(cells: readonly Cell[], widths: readonly number[]): string {
  const table = new Table({ chars: FRAMELESS, style: STYLE, colWidths: [...widths] });
  table.push(cells.map((cell) => (typeof cell === "string" ? cell : { ...cell })));
  return table.toString().replace(/ +$/gm, "");
}
