import type { Kind } from "../../../detectors/ledger/entities.ts";
import { earlier, OVERFLOW, type Ref, type State } from "../../../detectors/ledger/facts.ts";
import { CAPACITY } from "../../capacity.ts";
import type { Due, LedgerStats, Store, Waiting } from "../../ledger/ports.ts";

interface Item {
  readonly ref: Ref;
  readonly sets: Map<string, Map<string, string>>;
  keepUntil: number;
  bytes: number;
}

/** What an entity, a fact or a record that waits takes in this process beside its texts, about. */
const ENTITY_BYTES = 700;
const FACT_BYTES = 120;
const DUE_BYTES = 400;

/** A ledger in memory, for one process. Of more than `maxEntities`, or `maxBytes`, those go that were written longest ago, up to half of them at a time, with
 * what waits for them; that is counted. */
export function createMemoryStore(
  maxEntities: number = CAPACITY.entities,
  maxBytes: number = CAPACITY.ledgerBytes,
): Store {
  // In two generations, as finding the oldest of one map would take longer the more of it has gone.
  let young = new Map<string, Item>();
  let old = new Map<string, Item>();
  let youngBytes = 0;
  let forgotten = 0;
  const dues = createDues();

  const known = (key: string): Item | undefined => young.get(key) ?? old.get(key);
  const items = (): Item[] => [...old.values(), ...young.values()];

  function itemOf(ref: Ref): Item {
    const key = keyOf(ref);
    const item = known(key) ?? {
      ...{ ref: { kind: ref.kind, id: ref.id }, sets: new Map(), keepUntil: 0 },
      bytes: ENTITY_BYTES + key.length,
    };
    old.delete(key);
    if (!young.has(key)) youngBytes += item.bytes;
    young.set(key, item);
    return item;
  }

  function grow(item: Item, bytes: number): void {
    item.bytes += bytes;
    if (young.has(keyOf(item.ref))) youngBytes += bytes;
    if (young.size <= maxEntities / 2 && youngBytes <= maxBytes / 2) return;
    forgotten += old.size;
    for (const gone of old.keys()) dues.forget(gone);
    old = young;
    young = new Map();
    youngBytes = 0;
  }

  return {
    async merge(ref, facts, keepUntil) {
      const all = [...facts];
      const item = itemOf(ref);
      item.keepUntil = Math.max(item.keepUntil, keepUntil);
      let bytes = 0;
      for (const { attribute, value, source } of all) {
        const values = item.sets.get(attribute) ?? new Map<string, string>();
        item.sets.set(attribute, values);
        if (!values.has(value)) bytes += FACT_BYTES + value.length + source.length;
        values.set(value, earlier(values.get(value) ?? source, source));
      }
      const answer = copyOf(item);
      grow(item, bytes);
      return answer;
    },
    async read(refs) {
      return refs.map((ref) => copyOf(known(keyOf(ref)) ?? { ref, sets: new Map() }));
    },
    async put(records) {
      // What waits for an entity that is gone already would never be found.
      for (const due of records) {
        const item = known(keyOf(due));
        if (item === undefined && forgotten > 0) continue;
        if (dues.put(due) && item !== undefined) grow(item, DUE_BYTES);
      }
    },
    due: async (until, limit, after) => dues.ready(until, limit, after),
    async done(records) {
      for (const due of records) dues.done(due);
    },
    async *all() {
      for (const item of items()) yield copyOf(item);
    },
    async prune(now) {
      const gone = items().filter(({ keepUntil }) => keepUntil < now);
      for (const { ref } of gone) {
        old.delete(keyOf(ref));
        young.delete(keyOf(ref));
      }
      return gone.length;
    },
    async stats(): Promise<LedgerStats> {
      const entities: Partial<Record<Kind, number>> = {};
      let facts = 0;
      const overflows: Record<string, number> = {};
      for (const { ref, sets } of items()) {
        for (const attribute of sets.get(OVERFLOW)?.keys() ?? []) {
          const name = `${ref.kind}.${attribute}`;
          overflows[name] = (overflows[name] ?? 0) + 1;
        }
        entities[ref.kind] = (entities[ref.kind] ?? 0) + 1;
        for (const values of sets.values()) facts += values.size;
      }
      return { entities, facts, due: dues.size(), overflows, ...(forgotten > 0 && { forgotten }) };
    },
    close: () => undefined,
  };
}

const keyOf = ({ kind, id }: Ref): string => `${kind}/${id}`;

/** What stands in an answer must not change when others write. */
const copyOf = ({ ref, sets }: Pick<Item, "ref" | "sets">): State => ({
  kind: ref.kind,
  id: ref.id,
  sets: new Map([...sets].map(([attribute, values]) => [attribute, new Map(values)])),
});

const orderOf = (due: Due): string => `${due.at}\n${due.kind}\n${due.id}\n${due.detector}`;

/** What waits, by the entity that it waits for. Sorted when it is asked for: a replay asks once, at its end, page by page. */
function createDues() {
  const byEntity = new Map<string, Map<string, Waiting>>();
  let sorted: readonly (readonly [order: string, entity: string])[] | undefined;
  let puts = 0;

  function order() {
    sorted ??= [...byEntity]
      .flatMap(([entity, waiting]) => [...waiting.keys()].map((key) => [key, entity] as const))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted;
  }

  return {
    /** True when it is a new one. */
    put(due: Due): boolean {
      const key = orderOf(due);
      const entity = keyOf(due);
      const waiting = byEntity.get(entity) ?? new Map<string, Waiting>();
      byEntity.set(entity, waiting);
      const isNew = !waiting.has(key);
      if (isNew) sorted = undefined;
      puts += 1;
      const { at, kind, id, detector } = due;
      waiting.set(key, { at, kind, id, detector, mark: String(puts) });
      return isNew;
    },
    ready(until: string, limit: number, after: Due | undefined): readonly Waiting[] {
      const all = order();
      const found: Waiting[] = [];
      for (let index = after === undefined ? 0 : behind(all, orderOf(after)); index < all.length; index += 1) {
        const [key, entity] = all[index] ?? ["", ""];
        const due = byEntity.get(entity)?.get(key);
        // What is done stands in the order until the next record is put.
        if (due === undefined) continue;
        if (due.at > until || found.length >= limit) break;
        found.push(due);
      }
      return found;
    },
    done(due: Waiting): void {
      const entity = keyOf(due);
      const waiting = byEntity.get(entity);
      if (waiting?.get(orderOf(due))?.mark !== due.mark) return;
      waiting.delete(orderOf(due));
      if (waiting.size === 0) byEntity.delete(entity);
    },
    forget(entity: string): void {
      byEntity.delete(entity);
    },
    size: (): number => [...byEntity.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

/** Index of the first record behind `key`. */
function behind(all: readonly (readonly [string, string])[], key: string): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((all[middle]?.[0] ?? "") > key) high = middle;
    else low = middle + 1;
  }
  return low;
}
