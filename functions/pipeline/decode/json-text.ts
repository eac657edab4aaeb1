/** A value as JSON; undefined when it is nested deeper than can be written out, which parsing does not mind. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
