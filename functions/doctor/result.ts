import { CrosstrailError } from "../../schemas/errors.ts";
import { type Asked, awsFailure, isAccessDenied } from "../adapters/aws-failure.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";

/** `missing`: to be mended. `unknown`: it could not be asked, for want of a right or of an answer. */
export type Outcome = "ok" | "missing" | "unknown" | "not applicable";

export interface Verdict {
  readonly outcome: Outcome;
  /** A sentence. */
  readonly says: string;
  /** How: commands to be run, or lines of the configuration. Also beside `ok`, where it is advice. */
  readonly mend?: readonly string[];
}

export interface Result extends Verdict {
  /** What was checked: `cluster prod`, `CloudTrail`, `stack crosstrail`. */
  readonly of: string;
  readonly check: string;
  /** The IAM actions of the questions that were asked. */
  readonly asked: readonly string[];
  /** The IAM action that was refused. */
  readonly needs?: string;
}

/** Awaits an answer of AWS, and notes the question. Rejects with E_AWS or E_AWS_REFUSED. */
export type Ask = <T>(asked: Asked, answer: Promise<T>) => Promise<T>;

/** The right to a key, where AWS names that one: of a table or bucket that has one, which was not what was asked for. */
function actionIn(cause: unknown): string | undefined {
  const [, action] = /not authorized to perform:? (kms:\w+)/.exec(reasonOf(cause)) ?? [];
  return action;
}

/** AWS says at length who may not do what: the one is known, the other is said. Unless it is forbidden to everybody, which no right would mend. */
function refused(cause: unknown, { of, action }: Asked): CrosstrailError {
  if (/explicit deny/i.test(reasonOf(cause))) return awsFailure(cause, { of, action });
  return new CrosstrailError("E_AWS_REFUSED", `no access to ${of}: the identity needs ${action} on it`, { cause });
}

/** Of what a check does not tell about itself. */
export const silently: Ask = (_, answer) => answer;

const verdict =
  (outcome: Outcome) =>
  (says: string, ...mend: readonly string[]): Verdict => ({ outcome, says, ...(mend.length > 0 && { mend }) });

export const ok = verdict("ok");
export const missing = verdict("missing");
export const unknown = verdict("unknown");
export const notApplicable = verdict("not applicable");

/** The one result of a check. It never rejects: what could not be asked, or was answered in an unknown shape, is `unknown`. */
export async function check(of: string, name: string, judge: (ask: Ask) => Promise<Verdict>): Promise<Result> {
  const asked = new Set<string>();
  let needs: string | undefined;
  const ask: Ask = async (question, answer) => {
    asked.add(question.action);
    try {
      return await answer;
    } catch (cause) {
      if (!isAccessDenied(cause)) throw awsFailure(cause, question);
      const lacking = { ...question, action: actionIn(cause) ?? question.action };
      needs = lacking.action;
      throw refused(cause, lacking);
    }
  };
  const found = await judge(ask).catch((cause: unknown) => ({
    // The SDK goes on with advice for programmers.
    ...unknown(sentence(reasonOf(cause).split("\n", 1).join(""))),
    ...(needs !== undefined && { needs }),
  }));
  return { of, check: name, ...found, asked: [...asked] };
}

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?)]$/.test(text) ? "" : "."}`;

/** What several checks ask, asked once. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= work();
    return answer;
  };
}

/** Undefined where the service says, by the name of its error, that there is no such thing. */
export async function unlessAbsent<T>(answer: Promise<T>, name: RegExp): Promise<T | undefined> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof Error && name.test(cause.name)) return undefined;
    throw cause;
  }
}

export interface Page<T> {
  readonly items: readonly T[] | undefined;
  readonly next: string | undefined;
}

/** No list that is asked for here is longer; a service that repeats its pages must not keep us. */
const MAX_PAGES = 200;

/** All items of a list that comes in pages. */
export async function pages<T>(ask: (token: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = [];
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items = [], next } = await ask(token);
    all.push(...items);
    if (next === undefined || next === "") break;
    token = next;
  }
  return all;
}
