/** The record's own time, or one of the members in which a caller may name keys: whichever stands first. CloudTrail writes the time right behind `userIdentity`
 * and before all of those; a quote inside of a string is escaped, so that only a member is spelled so. */
const TIME =
  /"(?:eventTime":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)"|(?:requestParameters|responseElements|additionalEventData)":)/;

/** ms: when a call was made, by the text of its record as CloudTrail writes it. Undefined for any other spelling. */
export function calledAt(record: string): number | undefined {
  const [, time] = TIME.exec(record) ?? [];
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}
