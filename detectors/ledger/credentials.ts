import { parseArn } from "../../schemas/arn.ts";
import { idOf } from "./facts.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** When a session was issued is known to half an hour: of one role there are thousands. */
const ISSUE_MS = 30 * MINUTE_MS;

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, "2026-11-22".length);

/** A role or user as IAM knows it: by account and name, no path (no two of one name are in an account). */
export interface Holder {
  readonly account: string;
  readonly type: "role" | "user";
  readonly name: string;
}

/** Of a role, a user or a role's session; undefined for whatever else. */
export function holderOf(arn: string | undefined): Holder | undefined {
  const parsed = parseArn(arn);
  const [type, ...parts] = parsed?.resource.split("/") ?? [];
  const name = type === "assumed-role" ? parts[0] : parts.at(-1);
  if (parsed === undefined || !name || !["assumed-role", "role", "user"].includes(type ?? "")) return undefined;
  return { account: parsed.account, type: type === "user" ? "user" : "role", name };
}

/** `AROA…` or `AIDA…` of `AROA…:session`; undefined for what is no role or user. */
export const uniqueIdOf = (principalId: string | undefined): string | undefined =>
  /^(?:AROA|AIDA)[^:]*/.exec(principalId ?? "")?.[0];

/** The day of a name on which `time` (ms) is. */
export const iamNameDayId = ({ account, type, name }: Holder, time: number): string =>
  idOf("iamNameDay", [account, type, name, dayOf(time)]);
export const credentialDayId = (id: string, time: number): string => idOf("credentialDay", [id, dayOf(time)]);
export const credentialHourId = (id: string, time: number): string =>
  idOf("credentialHour", [id, new Date(time).toISOString().slice(0, "2026-11-22T10".length)]);

/** The days on which a credential can outlive what happened at `time` (ms): a session ends within 36 hours. */
export const outlivedDays = (time: number): readonly number[] => [0, 1, 2].map((days) => time + days * DAY_MS);

/** By when (ISO 8601) a session that began at `time` had been issued for certain. */
export const issuedBy = (time: string): string =>
  new Date(Math.ceil((Date.parse(time) || 0) / ISSUE_MS) * ISSUE_MS).toISOString();
