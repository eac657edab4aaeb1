/** Where the stacks of SAM and CDK differ, and are meant to. A test refuses every other difference, and a line here that nothing needs. */
interface Difference {
  /** Regular expressions for the whole name of a resource and the whole path in it. */
  readonly resource: string;
  readonly path: string;
  readonly reason: string;
}

const FUNCTION = "Detect|Publish|Sweep";

export const differences: readonly Difference[] = [
  {
    ...{ resource: FUNCTION, path: "Properties\\.Code\\.(S3Bucket|S3Key)" },
    reason:
      "Each tool uploads to a bucket of its own. Another test holds what `sam build` makes against the bundles, byte for byte.",
  },
  {
    ...{ resource: FUNCTION, path: "DependsOn" },
    reason:
      "CDK says that a function waits for its role. The function names the role, for which CloudFormation waits anyway.",
  },
  {
    ...{ resource: FUNCTION, path: "Properties\\.Tags" },
    reason: "SAM writes lambda:createdBy on functions, and cannot be asked not to.",
  },
  {
    ...{ resource: "SweepSchedule", path: "Properties\\.Targets\\[0\\]\\.Id" },
    reason: "SAM calls the target of a schedule as it likes; nothing names it.",
  },
];
