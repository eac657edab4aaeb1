import { describe, expect, it } from "vitest";
import { canonicalAddress, inRanges, isPublic } from "./address.ts";

describe("an address in any spelling", () => {
  it.each<[string, string]>([
    ["169.254.169.254", "169.254.169.254"],
    ["2852039166", "169.254.169.254"],
    ["0xa9fea9fe", "169.254.169.254"],
    ["0xA9.0xFE.0xA9.0xFE", "169.254.169.254"],
    ["0251.0376.0251.0376", "169.254.169.254"],
    ["169.16689662", "169.254.169.254"],
    ["::ffff:169.254.169.254", "169.254.169.254"],
    ["64:ff9b::a9fe:a9fe", "169.254.169.254"],
    ["[FD00:EC2:0:0:0:0:0:254]", "fd00:ec2::254"],
    ["fe80::1%eth0", "fe80::1"],
  ])("%s is %s", (input, expected) => {
    expect(canonicalAddress(input)).toBe(expected);
  });

  it.each(["", "example.com", "999.1.1.1", "a b", "1.2.3.4/24", "localhost", "x@1.2.3.4"])("%s is none", (input) => {
    expect(canonicalAddress(input)).toBeUndefined();
  });
});

describe("ranges", () => {
  it.each<[string, string[], boolean]>([
    ["198.51.100.7", ["198.51.100.0/24"], true],
    ["198.51.101.7", ["198.51.100.0/24"], false],
    ["198.51.100.7", ["198.51.100.7"], true],
    ["2001:db8::1", ["2001:db8::/32"], true],
    ["198.51.100.7", ["2001:db8::/32", "not a range", "1.2.3.4/99"], false],
    ["nonsense", ["0.0.0.0/0"], false],
  ])("%s in %j: %s", (address, ranges, expected) => {
    expect(inRanges(address, ranges)).toBe(expected);
  });
});

it("counts documentation ranges as public, and private, shared and link-local ones as not", () => {
  expect(["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "8.8.8.8"].map(isPublic)).toEqual([
    true,
    true,
    true,
    true,
    true,
  ]);
  expect(
    [
      "10.0.0.1",
      "172.20.0.1",
      "192.168.1.1",
      "100.64.0.1",
      "169.254.1.1",
      "127.0.0.1",
      "fd00::1",
      "::1",
      "AWS Internal",
      undefined,
    ].map(isPublic),
  ).not.toContain(true);
});
