/** Things that happen at their times, one after the other: what happens may make other things happen later. */

/** One record as a trail keeps it. Times in ms since 1970. */
export interface Line {
  readonly trail: "k8s-audit" | "cloudtrail";
  readonly time: number;
  /** When it can be read: seconds later in the audit log, minutes in CloudTrail (aws-plumbing.md §1.3). */
  readonly arrival: number;
  readonly text: string;
}

export interface Clockwork {
  readonly at: (time: number, happens: (now: number) => void) => void;
  /** Again and again, each time after `gap` ms of its own, until it answers that it has ended. */
  readonly every: (first: number, gap: () => number, happens: (now: number) => unknown) => void;
  readonly write: (line: Line) => void;
  /** Everything that is written from `begin` until `end`, in the order of time. What would have begun earlier does not happen. */
  readonly run: (begin: number, end: number) => Generator<Line>;
}

export function createClockwork(): Clockwork {
  const waiting = createHeap<{ readonly time: number; readonly happens: (now: number) => void }>(({ time }) => time);
  let written: Line[] = [];
  let reached = Number.NEGATIVE_INFINITY;
  const at: Clockwork["at"] = (time, happens) => waiting.push({ time: Math.floor(time), happens });
  const every: Clockwork["every"] = (first, gap, happens) =>
    at(first, (now) => {
      if (happens(now) !== "ended") every(now + Math.max(1, gap()), gap, happens);
    });
  return {
    at,
    every,
    write(given) {
      const line = { ...given, arrival: Math.ceil(given.arrival) };
      // What is told before it happens waits for its time.
      if (line.time > reached) at(line.time, () => written.push(line));
      else written.push(line);
    },
    *run(begin, end) {
      for (let next = waiting.pop(); next !== undefined && next.time < end; next = waiting.pop()) {
        if (next.time < begin) continue;
        reached = next.time;
        next.happens(next.time);
        if (written.length === 0) continue;
        const lines = written;
        written = [];
        yield* lines;
      }
    },
  };
}

/** Lines in the order in which they can be read. */
export function* inOrderOfArrival(lines: Iterable<Line>): Generator<Line> {
  const late = createHeap<Line>(({ arrival }) => arrival);
  for (const line of lines) {
    late.push(line);
    // Nothing arrives before it happens.
    for (let next = late.peek(); next !== undefined && next.arrival <= line.time; next = late.peek()) {
      late.pop();
      yield next;
    }
  }
  for (let next = late.pop(); next !== undefined; next = late.pop()) yield next;
}

/** A binary heap; what has the same time leaves in the order in which it came. */
function createHeap<T>(timeOf: (item: T) => number) {
  const items: { readonly time: number; readonly order: number; readonly item: T }[] = [];
  let count = 0;
  const before = (a: number, b: number): boolean => {
    const [one, other] = [items[a], items[b]];
    if (one === undefined || other === undefined) return one !== undefined;
    return one.time === other.time ? one.order < other.order : one.time < other.time;
  };
  const swap = (a: number, b: number): void => {
    const [one, other] = [items[a], items[b]];
    if (one === undefined || other === undefined) return;
    items[a] = other;
    items[b] = one;
  };
  return {
    peek: (): T | undefined => items[0]?.item,
    push(item: T): void {
      count += 1;
      items.push({ time: timeOf(item), order: count, item });
      for (let at = items.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!before(at, parent)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop(): T | undefined {
      const first = items[0];
      const last = items.pop();
      if (first === undefined || last === undefined || items.length === 0) return first?.item;
      items[0] = last;
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let least = at;
        if (left < items.length && before(left, least)) least = left;
        if (right < items.length && before(right, least)) least = right;
        if (least === at) return first.item;
        swap(at, least);
        at = least;
      }
    },
  };
}
