/** A command of the AWS CLI, ready to be pasted into a shell. */
export type Command = (...words: readonly string[]) => string;

export interface Where {
  readonly region: string;
  readonly profile?: string;
}

/** Commands for the profile that was checked, and the Region, unless they name another. */
export const commandsFor =
  ({ region, profile }: Where): Command =>
  (...words) =>
    shell(
      ...["aws", ...words],
      ...(words.includes("--region") ? [] : ["--region", region]),
      ...(profile === undefined ? [] : ["--profile", profile]),
    );

/** Words as a POSIX shell takes them back apart. Names of others stand here: whatever is not plainly harmless is quoted. */
export const shell = (...words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
