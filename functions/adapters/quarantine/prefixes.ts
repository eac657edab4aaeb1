/** Under which records are found that wait for being put on their stream again. */
export const KEPT = "kept/";
/** Under which objects stand whose records are on their stream again. */
export const REDRIVEN = "redriven/";
/** Where records wait: our own, and those of Lambda's S3 destination (docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html). */
export const PREFIXES: readonly string[] = [KEPT, "aws/lambda/"];
