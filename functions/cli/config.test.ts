import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const dir = mkdtempSync(join(tmpdir(), "crosstrail-config-"));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, "config.json");
const read = (config: object | string) => {
  writeFileSync(file, typeof config === "string" ? config : JSON.stringify({ version: 1, ...config }));
  return readConfig(file);
};
const rule = {
  detector: "trail/audit-off",
  actor: "alice",
  action: { verb: "eks:UpdateClusterConfig" },
  reason: "because so",
  owner: "me",
  expires: "2027-01-01T00:00:00Z",
};
const suppressed = (change: object) => ({ suppressions: [{ ...rule, ...change }] });

describe("a configuration", () => {
  it.each<[string, object | string]>([
    ["of nothing", {}],
    ["behind a byte order mark", '\uFEFF{"version":1}'],
    ["with addresses and ranges", { proxies: ["10.0.7.0/24", "192.0.2.1", "2001:db8::/32"], egress: ["203.0.113.9"] }],
    ["with a suppression", suppressed({ sourceIP: "192.0.2.0/24" })],
  ])("%s is read", async (_, config) => {
    expect(await read(config)).toMatchObject({ version: 1 });
  });

  it.each<[string, object, RegExp]>([
    [
      "a proxy that is no address",
      { proxies: ["10.0.7.0/24", "proxy.example.com"] },
      /\/proxies\/1 is no address .*"proxy/,
    ],
    ["a range that is none", { egress: ["203.0.113.0/33"] }, /\/egress\/0 is no address/],
    ["a suppression of no address", suppressed({ sourceIP: "office" }), /\/suppressions\/0\/sourceIP is no address/],
    [
      "a suppression of whatever somebody does",
      suppressed({ action: {} }),
      /\/suppressions\/0\/action must NOT have fewer/,
    ],
    ["a suppression of anything by its verb", suppressed({ action: { verb: "*" } }), /\/suppressions\/0\/action\/verb/],
    ["a suppression of anybody", suppressed({ actor: "**" }), /\/suppressions\/0\/actor/],
    [
      "a suppression until a day that there is not",
      suppressed({ expires: "2027-02-30T00:00:00Z" }),
      /\/suppressions\/0\/expires/,
    ],
  ])("with %s is refused, by file and field", async (_, config, message) => {
    await expect(read(config)).rejects.toThrow(message);
    await expect(read(config)).rejects.toThrow(file);
  });
});
