/** Exit codes, as `--help` explains them. */
export const EXIT = {
  fine: 0,
  /** An input could not be read, an output not be written, or something of ours went wrong. */
  failed: 1,
  /** A wrong option, value or configuration. */
  usage: 2,
  /** `--fail-on` was reached. */
  findings: 10,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const;
