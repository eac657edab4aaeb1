/** What is read of one set of words: enough for every command line that people write, and a bound on what an attacker
 * can make us do. */
export const MAX_CONSIDERED_CHARS = 65_536;

/** The words themselves, or, where they are longer than the bound, their head and their tail: padding comes before the
 * payload (`sh -c '#####...\ncurl ...'`, seen in the recordings) or after it, rarely on both sides. A word that
 * straddles a cut is cut. */
export function considered(words: readonly string[]): readonly string[] {
  let total = 0;
  for (const word of words) total += word.length + 1;
  if (total <= MAX_CONSIDERED_CHARS) return words;
  const head = take(words, (word, room) => word.slice(0, room));
  const tail = take(words.toReversed(), (word, room) => word.slice(-room));
  return [...head, ...tail.toReversed()];
}

/** Words from the start of the list until half of the bound is used up. Every word costs one more than it is long,
 * empty ones too. */
function take(words: readonly string[], cut: (word: string, room: number) => string): readonly string[] {
  const taken: string[] = [];
  let room = MAX_CONSIDERED_CHARS / 2;
  for (const word of words) {
    if (room <= 1) break;
    taken.push(cut(word, room - 1));
    room -= Math.min(word.length + 1, room);
  }
  return taken;
}
