/** Times and ids of records in wire form. */

let sequence = 0;
export const uuid = (): string => {
  sequence += 1;
  return `00000000-0000-4000-8000-${String(sequence).padStart(12, "0")}`;
};

/** `10:05` or `10:05:30` of the day of all scenarios, a whole time, or ms since 1970. */
export type When = string | number;
/** Members of a record that stand for what a builder would write. */
export type Over = Readonly<Record<string, unknown>>;

/** To the second, as CloudTrail knows it. */
export const timeOf = (at: When): string => {
  if (typeof at === "number") return new Date(at).toISOString().slice(0, 19);
  if (at.includes("T")) return at;
  return `2026-11-22T${at.length === 5 ? `${at}:00` : at}`;
};
export const fractionOf = (at: When): string => (typeof at === "number" ? String(at % 1_000).padStart(3, "0") : "000");

/** AWS's own caller. */
export const service = (principal: string): { userIdentity: object; sourceIPAddress: string; userAgent: string } => ({
  userIdentity: { type: "AWSService", invokedBy: principal },
  sourceIPAddress: principal,
  userAgent: principal,
});
