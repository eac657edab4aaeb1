/** A set of an entity: what one value holds, and how many are kept. Values are grow-only: nothing overwrites, nothing is taken back. */
export interface Attribute<F extends string = string> {
  /** Names of the parts of a value. A part `time` is ISO 8601 UTC, cut to the attribute's bucket. */
  readonly fields: readonly F[];
  /** Distinct values kept; one more adds the attribute's name to `overflow`, and the rest is dropped. */
  readonly cap: number;
  /** One value is expected. Two are evidence of their own, and never the last that was written. */
  readonly one?: true;
  /** ms that a `time` is rounded down to: more of the same within it is the same fact. */
  readonly bucketMs?: number;
  /** The first tell enough. That more was told is ordinary, and nobody has to hear of it. */
  readonly enough?: true;
  /** Calls that failed (part `outcome`) are kept beside the others, half as many. Whoever may do nothing can try as often as he likes, and must not keep out what was
   * done. */
  readonly tries?: "half";
  /** The kind of entity whose id stands in the part `id`. */
  readonly link?: string;
  /** A sentence about one value, for a story: `{field}` stands for its parts. */
  readonly says: string;
}

export interface Declaration<A extends Readonly<Record<string, Attribute>>> {
  /** What the parts of an id are, in their order. */
  readonly key: readonly string[];
  /** How long an entity is kept after its last fact. Only frees space: no verdict rests on it. */
  readonly keepMs: number;
  readonly attributes: A;
}

/** A set, with its fields inferred: a detector that reads a part which is not there does not compile. */
export const set = <const F extends string>(
  fields: readonly F[],
  says: string,
  rest: Partial<Pick<Attribute, "cap" | "one" | "bucketMs" | "enough" | "tries" | "link">> = {},
): Attribute<F> => ({ cap: 64, ...rest, fields, says });

export const declare = <const A extends Readonly<Record<string, Attribute>>>(
  declaration: Declaration<A>,
): Declaration<A> => declaration;
