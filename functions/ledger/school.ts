import { type Fact, fact, idOf } from "../../detectors/ledger/facts.ts";
import { type AuditLearner, type CallLearner, timeOf } from "../../detectors/ledger/learner.ts";
import type { Scope } from "../../schemas/events/event.ts";
import type { Peek } from "../../schemas/events/k8s-audit/peek.ts";
import type { TrailEvent } from "../../schemas/events/trail-event.ts";

/** What events teach the ledger, and which need not be parsed because they teach nothing new. */
export interface School {
  /** `scope`: where it happened, which the text does not tell. `fresh`: lessons that were learned in this batch already. */
  readonly wantsAudit: (peeked: Peek, scope: Scope, fresh: ReadonlySet<string>) => boolean;
  readonly wantsCall: (text: string) => boolean;
  /** The facts of one event. `peeked`: what its text told, where it could be told. */
  readonly learn: (event: TrailEvent, peeked: Peek | undefined, fresh?: ReadonlySet<string>) => Lesson;
  /** To be called when the facts of a batch are merged and its findings are out: the same need not be learned again. */
  readonly remember: (lessons: readonly string[]) => void;
}

export interface Lesson {
  readonly facts: readonly Fact[];
  /** What makes another event teach the same. */
  readonly lessons: readonly string[];
}

const NONE: ReadonlySet<string> = new Set();

/** Remembers up to twice `capacity` lessons, in two generations. */
export function createSchool(
  audit: readonly AuditLearner[],
  calls: readonly CallLearner[],
  capacity = 200_000,
): School {
  const anyCall = new RegExp(calls.map(({ trigger }) => trigger).join("|") || "(?!)");
  let young = new Set<string>();
  let old = new Set<string>();
  function teaches({ trigger, same }: AuditLearner, peeked: Peek, scope: Scope, fresh: ReadonlySet<string>): boolean {
    if (!trigger(peeked)) return false;
    const lesson = same?.(peeked, scope);
    return lesson === undefined || !(young.has(lesson) || old.has(lesson) || fresh.has(lesson));
  }
  return {
    wantsAudit(peeked, scope, fresh) {
      if (peeked.stage === "RequestReceived") return false;
      return audit.some((learner) => teaches(learner, peeked, scope, fresh));
    },
    wantsCall: (text) => anyCall.test(text),
    learn(event, peeked, fresh = NONE) {
      const heard = fact("trail", idOf("trail", [event.trail]), "heard", { time: timeOf(event) }, event.id);
      if (event.trail === "cloudtrail")
        return { facts: [heard, ...calls.flatMap((learner) => learner.learn(event))], lessons: [] };
      if (event.stage === "RequestReceived") return { facts: [heard], lessons: [] };
      const teaching =
        peeked === undefined ? audit : audit.filter((learner) => teaches(learner, peeked, event.scope, fresh));
      return {
        facts: [heard, ...teaching.flatMap((learner) => learner.learn(event))],
        lessons: peeked === undefined ? [] : teaching.flatMap(({ same }) => same?.(peeked, event.scope) ?? []),
      };
    },
    remember(lessons) {
      for (const lesson of lessons) {
        if (young.size >= capacity) {
          old = young;
          young = new Set();
        }
        young.add(lesson);
      }
    },
  };
}
