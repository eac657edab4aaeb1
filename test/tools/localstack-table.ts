import { type Substitution, substitutions } from "../localstack/substitutions.ts";
import { between } from "./between.ts";

/** test/localstack/README.md with its table renewed. */
export const localstackTable = (readme: string): string =>
  between(readme, "substitutions", [
    ...["| changed | why |", "| --- | --- |"],
    ...Object.values<Substitution>(substitutions).map(({ what, reason }) => `| ${what} | ${reason} |`),
  ]);
