/** What a handler does with a batch: answers, or fails in one of the ways a function can. */
export type Act = { readonly answer: unknown } | { readonly fail: "throw" | "exit" | "hang" };
