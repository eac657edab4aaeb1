import { createSeen } from "../../detectors/core/seen.ts";
import { type Fact, fact, idOf, sourceOf } from "../../detectors/ledger/facts.ts";
import { type AuditLearner, type CallLearner, timeOf } from "../../detectors/ledger/learner.ts";
import type { Scope } from "../../schemas/events/event.ts";
import { type Peek, receivedIn } from "../../schemas/events/k8s-audit/peek.ts";
import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import { CAPACITY } from "../capacity.ts";

/** What makes another event teach the same, each with the time of the earliest event that taught it, as its text has it. An earlier one teaches
 * since when it is known. */
export type Lessons = ReadonlyMap<string, string>;

/** What events teach the ledger, and which need not be parsed because they teach nothing new. */
export interface School {
  /** `scope`: where it happened, which the text does not tell. `fresh`: lessons that were learned in this batch already. */
  readonly wantsAudit: (peeked: Peek, scope: Scope, fresh: Lessons) => boolean;
  readonly wantsCall: (text: string) => boolean;
  /** The facts of one event. `peeked`: what its text told, where it could be told. A learner that throws is isolated. */
  readonly learn: (event: TrailEvent, peeked: Peek | undefined, fresh?: Lessons) => Lesson;
  /** To be called when the facts of a batch are merged and its findings are out: the same need not be learned again. */
  readonly remember: (lessons: Lessons) => void;
  /** How often each learner has thrown. */
  readonly threw: () => ReadonlyMap<string, number>;
  /** That its memory takes, full or empty. */
  readonly bytes: number;
}

export interface Lesson {
  readonly facts: readonly Fact[];
  readonly lessons: Lessons;
  readonly failures: readonly Failure[];
}

/** A learner that threw on an event: what it would have told is missing. */
export interface Failure {
  readonly learner: string;
  readonly cause: unknown;
}

const NONE: Lessons = new Map();

/** Remembers up to twice `capacity` lessons, in a fixed size (`seen.ts`): the texts are long, and an attacker's. */
export function createSchool(
  audit: readonly AuditLearner[],
  calls: readonly CallLearner[],
  capacity: number = CAPACITY.lessons,
): School {
  const anyCall = new RegExp(calls.map(({ trigger }) => trigger).join("|") || "(?!)");
  const threw = new Map<string, number>();
  const learned = createSeen(capacity);

  function teaches({ trigger, same }: AuditLearner, peeked: Peek, scope: Scope, fresh: Lessons): boolean {
    if (!trigger(peeked)) return false;
    const lesson = same?.(peeked, scope);
    if (lesson === undefined) return true;
    const time = receivedIn(peeked);
    const now = fresh.get(lesson);
    if (now !== undefined && now <= time) return false;
    const known = learned.get(lesson)?.time;
    return known === undefined || !(known <= microsecondsIn(time));
  }

  /** Asks each for what it tells; the others tell all the same where one throws. */
  function ask<L extends AuditLearner | CallLearner>(
    learners: readonly L[],
    tell: (learner: L) => readonly Fact[],
    heard: Fact,
  ): { facts: Fact[]; failures: Failure[] } {
    const [facts, failures]: [Fact[], Failure[]] = [[heard], []];
    for (const [index, learner] of learners.entries()) {
      try {
        facts.push(...tell(learner));
      } catch (cause) {
        const name = `learner/${learner.name ?? `${learner.trail}-${index + 1}`}`;
        threw.set(name, (threw.get(name) ?? 0) + 1);
        failures.push({ learner: name, cause });
      }
    }
    return { facts, failures };
  }

  return {
    wantsAudit(peeked, scope, fresh) {
      if (peeked.stage === "RequestReceived") return false;
      return audit.some((learner) => {
        try {
          return teaches(learner, peeked, scope, fresh);
        } catch {
          // It is asked for the event's facts, and told of when it throws there.
          return true;
        }
      });
    },
    wantsCall: (text) => anyCall.test(text),
    learn(event, peeked, fresh = NONE) {
      const heard = fact("trail", idOf("trail", [event.trail]), "heard", { time: timeOf(event) }, sourceOf(event));
      if (event.trail === "cloudtrail") return { ...ask(calls, ({ learn }) => learn(event), heard), lessons: NONE };
      if (event.stage === "RequestReceived") return { facts: [heard], lessons: NONE, failures: [] };
      const lessons = new Map<string, string>();
      const told = ask(
        audit,
        (learner) => {
          if (peeked !== undefined && !teaches(learner, peeked, event.scope, fresh)) return [];
          const facts = learner.learn(event);
          const lesson = peeked && learner.same?.(peeked, event.scope);
          if (peeked !== undefined && lesson !== undefined) lessons.set(lesson, receivedIn(peeked));
          return facts;
        },
        heard,
      );
      return { ...told, lessons };
    },
    remember(lessons) {
      for (const [lesson, time] of lessons) {
        const micros = microsecondsIn(time);
        const known = learned.get(lesson)?.time ?? micros;
        // Of what has no time it is not known which is the earlier: it is learned again.
        if (!Number.isNaN(micros)) learned.set(lesson, { time: Math.min(known, micros), tag: 0, until: 0 });
      }
    },
    threw: () => threw,
    bytes: learned.bytes,
  };
}

/** Since 1970, of a time as Go writes it: `2026-11-22T10:00:00.123456Z`; NaN of any other. */
function microsecondsIn(time: string): number {
  const match = /^(.{19})\.(\d{6})Z$/.exec(time);
  return match === null ? Number.NaN : Date.parse(`${match[1]}Z`) * 1_000 + Number(match[2]);
}
