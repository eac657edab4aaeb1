/** How far the record of a node asking EKS Auth and that of the session which STS opens for it lie apart at most: "same second" in the public
 * pairs (eks-auto-mode.md §3.2). */
export const APART_MS = 2_000;

/** How far into its neighbours a minute of exchanges is known: whatever comes near its border is whole there, with the quiet around it. */
export const BORDER_MS = 2 * APART_MS;
