import { expect, it } from "vitest";
import { networkOf } from "./network.ts";

it.each([
  ["203.0.113.9", "203.0.113.0/24"],
  ["::ffff:203.0.113.9", "203.0.113.0/24"],
  ["2001:db8:12:34::5", "2001:db8:12::/48"],
  ["2001:db8::5", "2001:db8:0::/48"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
  ["::5:6:7", "0:0:0::/48"],
])("puts %s into %s", (ip, network) => {
  expect(networkOf(ip)?.network).toBe(network);
});

it.each(["", "unknown", "ec2.amazonaws.com"])("knows no network of %j", (ip) => {
  expect(networkOf(ip)).toBeUndefined();
});
