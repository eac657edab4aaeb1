/** How far a shard was read: the last record whose findings are out, a time (ms) from which on it is to be read, all of it, or that it has ended. */
export interface Checkpoint {
  readonly sequence?: string;
  readonly time?: number;
  readonly end?: true;
}

/** Where a shard begins that nobody has read: at a time (ms), or at its oldest record. */
export type Start = Pick<Checkpoint, "time">;

export const checkpointOf = (text: string | undefined): Checkpoint | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as Checkpoint);
