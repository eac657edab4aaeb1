const HOUR_MS = 3_600_000;

interface Blocked {
  readonly time: string;
}

/** The blockade that a refused eviction ends, if it has lasted: refusals in half of its hours at least, as a drain tries every few seconds. */
export function blockadeAt(
  last: Blocked,
  blocked: readonly Blocked[],
  lastsMs: number,
): { readonly since: string } | undefined {
  const end = Date.parse(last.time);
  const within = blocked.filter(({ time }) => Date.parse(time) <= end && Date.parse(time) >= end - lastsMs);
  const [first] = within;
  if (first === undefined || end - Date.parse(first.time) < lastsMs) return undefined;
  const hours = new Set(within.map(({ time }) => time)).size;
  if (hours * HOUR_MS * 2 < lastsMs) return undefined;
  return { since: first.time };
}

/** Pods of the node that people placed with its own rights, or got into. A pod lives no longer than its node: whenever it was placed. */
export function flagsOf(
  placed: readonly {
    readonly time: string;
    readonly by: string;
    readonly kind: string;
    readonly what: string;
    readonly namespace: string;
    readonly name: string;
  }[],
  entered: readonly { readonly time: string; readonly by: string; readonly how: string; readonly pod: string }[],
  within: (told: { readonly time: string }) => boolean,
): readonly { readonly host: boolean; readonly why: string }[] {
  return [
    ...placed
      .filter((pod) => pod.kind === "human")
      .map((pod) => ({
        host: true,
        why: `${pod.by} placed pod ${pod.namespace}/${pod.name} with ${pod.what} of the node on it`,
      })),
    ...entered.filter(within).map(({ by, how }) => ({ host: false, why: `${by} entered a pod on it by ${how}` })),
  ];
}
