/** What Lambda makes of a function's answer, by the contract of ReportBatchItemFailures (aws-plumbing.md §1.6). */
export type Verdict =
  | { readonly is: "success" }
  /** All of it again. */
  | { readonly is: "failure" }
  /** These identifiers, each of the batch. */
  | { readonly is: "partial"; readonly failed: readonly string[] };

/** `known` are the identifiers of the batch: one that is not of it makes the answer a failure, as LocalStack has it. */
export function readAnswer(answer: unknown, known: readonly string[]): Verdict {
  if (typeof answer !== "object" || answer === null) return { is: "success" };
  // A misspelt name at the top reads as an empty answer.
  const { batchItemFailures: items } = answer as { readonly batchItemFailures?: unknown };
  if (items === undefined || items === null) return { is: "success" };
  if (!Array.isArray(items)) return { is: "failure" };
  if (items.length === 0) return { is: "success" };
  const failed: string[] = [];
  for (const item of items) {
    const { itemIdentifier: id } = (item ?? {}) as { readonly itemIdentifier?: unknown };
    if (typeof id !== "string" || !known.includes(id)) return { is: "failure" };
    failed.push(id);
  }
  return { is: "partial", failed };
}
