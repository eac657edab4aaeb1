import { describe, expect, it } from "vitest";
import { call } from "../../../test/support/trails.ts";
import { calledAt } from "./peek.ts";

const AT = Date.UTC(2026, 10, 22, 10, 7);
const other = '"eventTime":"2099-01-01T00:00:00Z"';

describe("the time of a record by its text", () => {
  it("is the time that it has when it is parsed", () => {
    const text = call("10:07", "s3:GetObject", { userIdentity: { type: "AWSService" } });
    expect(calledAt(text)).toBe(Date.parse(JSON.parse(text).eventTime));
    expect(calledAt(text)).toBe(AT);
  });

  it.each<[string, string, number | undefined]>([
    ["with parts of a second", '{"eventTime":"2026-11-22T10:07:00.000Z"}', AT],
    ["before what its caller names", `{"eventTime":"2026-11-22T10:07:00Z","requestParameters":{${other}}}`, AT],
    ["behind what its caller names", `{"requestParameters":{${other}},"eventTime":"2026-11-22T10:07:00Z"}`, undefined],
    ["behind what a service answers", `{"responseElements":{${other}},"eventTime":"2026-11-22T10:07:00Z"}`, undefined],
    ["only inside of a string", JSON.stringify({ userAgent: `{${other}}` }), undefined],
    ["in another spelling", '{"eventTime": "2026-11-22T10:07:00Z"}', undefined],
    ["that is none", '{"eventTime":"2026-13-42T10:07:00Z"}', undefined],
    ["of no record", "{", undefined],
  ])("%s", (_, text, expected) => {
    expect(calledAt(text)).toBe(expected);
  });
});
