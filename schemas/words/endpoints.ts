import { apartMentions, fragmentMentions } from "./apart.ts";
import { considered } from "./considered.ts";
import { hostMentions } from "./hosts.ts";
import { agentPath, markMentions } from "./marks.ts";
import { bySureness, type Mention, weaker } from "./mention.ts";
import { type Rewriting, rewritings } from "./rewritings.ts";

/** How many different spellings are told: the surest. More is a flood, not evidence. */
const MAX_MENTIONS = 32;

/** Where the words mention the instance metadata service or the Pod Identity agent (detections.md A52, B-15), in
 * whatever spelling: an exec's argv, one element each; or a pod's command, args, env (as `NAME=value`), probe values;
 * or a host name. The surest first.
 *
 * It sees text, not what runs: no mention is no proof. Unseen are names that resolve to the endpoints, redirects,
 * programs that know the address themselves (SDKs, the aws CLI), scripts fetched or typed, compression and
 * encryption, and what only control flow puts together. */
export function endpointMentions(words: readonly string[]): readonly Mention[] {
  const readings = rewritings(considered(words));
  const plain = readings[0]?.text ?? "";
  const found = new Map<string, Mention>();
  for (const reading of readings) {
    for (const mention of mentionsOf(reading, plain)) {
      const key = `${mention.endpoint} ${mention.word.toLowerCase()}`;
      const known = found.get(key);
      if (known === undefined || bySureness(mention.confidence, known.confidence) < 0) found.set(key, mention);
    }
  }
  const mentions = [...found.values()];
  if (mentions.some(({ endpoint }) => endpoint === "pod-identity-agent")) {
    const path = readings.map((reading) => agentPath(reading.text)).find((mention) => mention !== undefined);
    if (path !== undefined) mentions.push(path);
  }
  // The sort is stable, so equally sure ones stay in the order in which they were found.
  return mentions.sort((a, b) => bySureness(a.confidence, b.confidence)).slice(0, MAX_MENTIONS);
}

/** What a rewriting shows is one step less sure than the same in plain sight, and is told by how it came to light. */
function mentionsOf({ text, how }: Rewriting, plain: string): readonly Mention[] {
  const whole = [...hostMentions(text), ...markMentions(text)];
  if (how === "plain") return [...whole, ...apartMentions(text)];
  const fragments = how === "encoded" ? fragmentMentions(text, plain) : [];
  return [
    ...whole.map((mention) => ({ ...mention, how, confidence: weaker(mention.confidence) })),
    ...apartMentions(text).map((mention) => ({ ...mention, how })),
    ...fragments,
  ];
}
