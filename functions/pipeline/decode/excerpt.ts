const LENGTH = 200;

/** The beginning of a text, for the reader. Copied: a slice would hold on to the whole of a text of many megabytes. */
export const excerptOf = (text: string): string =>
  text.length <= LENGTH ? text : Buffer.from(text.slice(0, LENGTH), "utf16le").toString("utf16le");
