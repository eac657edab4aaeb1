/** For every client of AWS. By default the SDK waits for an answer for ever: one connection that is dead without a word would take a whole invocation, and the
 * next one. All attempts at a call fit into the time that the handlers keep in reserve. */
export const patience = {
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 4_000, throwOnRequestTimeout: true },
  maxAttempts: 4,
} as const;
