const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long verdicts on nodes wait, as what they are judged by has to be told to every epoch and day that it may concern. An act of a node: for others to
 * do the same, from the beginning of the six hours that it is known by. */
export const ALONE_MS = 12 * HOUR_MS;

/** Refusals of several nodes that lie no further apart are one trouble of all. */
export const TROUBLE_MS = HOUR_MS;

/** A NodePool whose nodes grow old, from the beginning of the day that it is known by: for other pools' to be seen on that day. */
export const ROTATION_MS = 26 * HOUR_MS;
