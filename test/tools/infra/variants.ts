/** One way to deploy the template of infra/sam/. */
export interface Variant {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string | number>>;
}

/** The rules are asked of each. A condition that no variant turns over is one that nobody looked behind. */
export const variants: readonly Variant[] = [{ name: "defaults", parameters: {} }];

/** Of the account and Region that templates are evaluated for. */
export const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Region": "eu-central-1",
};
