/** A word of a command in a title: one spelling may come from several arguments, with a line break between. */
export const oneLine = (word: string): string => word.replace(/\s+/g, " ");
