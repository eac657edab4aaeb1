/** The id of what an epoch is a part of: an hour or a day, the last part of its id, holds no `/`. */
export const withoutLast = (id: string): string => id.slice(0, id.lastIndexOf("/"));
