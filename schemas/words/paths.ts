/** How many `..` in a row are resolved. */
const MAX_PARENTS = 8;

/** The text with its paths as the kernel resolves them: `//` and `/./` are `/`, `a/..` is nothing. Symbolic links are
 * not known here. */
export function pathsResolved(text: string): string {
  let resolved = text.replace(/\/(?:\.?\/)+/g, "/");
  for (let level = 0; level < MAX_PARENTS && resolved.includes("/.."); level += 1) {
    const shorter = resolved.replace(/(?<=\/)(?!\.\.\/)[^/\s]{1,64}\/\.\.(?:\/|(?![^\s'";|&)]))/g, "");
    if (shorter === resolved) break;
    resolved = shorter;
  }
  return resolved;
}

/** True when the pattern, a path with the shell's `*`, `?` and `[...]`, can mean `file`, the end of a path. At least
 * two of the file's own letters must stand in the last part and four in all: `/etc/*` means everything and so nothing
 * in particular. */
export function globReaches(pattern: string, file: string): boolean {
  const wanted = file.split("/");
  const given = pattern.split("/").slice(-wanted.length);
  if (given.length < wanted.length) return false;
  const letters = given.map((part) => part.replace(/\[[^\]]*\]|[*?]/g, "").length);
  if ((letters.at(-1) ?? 0) < 2 || letters.reduce((sum, count) => sum + count, 0) < 4) return false;
  return wanted.every((part, index) => partReaches(given[index] ?? "", part));
}

/** Greedy matching of one part: on failure only the last star is tried again, so the work is at most pattern times
 * name. */
function partReaches(pattern: string, name: string): boolean {
  const tokens = pattern.match(/\[[^\]]*\]|[\s\S]/g) ?? [];
  let token = 0;
  let char = 0;
  let star = -1;
  let retry = 0;
  while (char < name.length) {
    const wanted = tokens[token];
    if (wanted === "*") {
      star = token;
      retry = char;
      token += 1;
    } else if (wanted !== undefined && (wanted === "?" || wanted.length > 1 || wanted === name[char])) {
      token += 1;
      char += 1;
    } else if (star >= 0) {
      token = star + 1;
      retry += 1;
      char = retry;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === "*");
}
