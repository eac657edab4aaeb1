import { cut } from "../../schemas/redact.ts";

/** Text that a client chose, in a sentence: quoted, on one line, not too long. */
export const quoted = (text: string): string => JSON.stringify(cut(text, 80));
