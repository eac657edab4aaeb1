import { describe, expect, it } from "vitest";
import { commandsFor } from "./command.ts";
import { configurationVerdict } from "./configuration.ts";

const command = commandsFor({ region: "eu-central-1" });
const judged = (config: unknown) => {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  return configurationVerdict({ text, version: "v1" }, { bucket: "b", key: "k.json" }, command);
};

describe("the configuration's object", () => {
  it("may be absent", async () => {
    expect((await configurationVerdict(undefined, { bucket: "b", key: "k" }, command)).outcome).toBe("ok");
  });

  it("is fine when the functions would take it", async () => {
    expect((await judged({ version: 1, auto: { nodeRoles: ["prod-nodes"] } })).outcome).toBe("ok");
  });

  it.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /JSON/],
    ["an unknown key", { version: 1, nobody: true }, /unknown key "nobody"/],
    ["an address that is none", { version: 1, proxies: ["10.0.7.0/99"] }, /proxies\/0/],
    [
      "a suppression of no detector, which is valid and cannot be used",
      {
        version: 1,
        suppressions: [
          {
            detector: "no/such",
            actor: "somebody",
            action: { verb: "get" },
            reason: "for this test",
            owner: "us",
            expires: "2099-01-01T00:00:00Z",
          },
        ],
      },
      /no detector is named "no\/such"/,
    ],
  ])("is to be mended with %s", async (_, config, why) => {
    expect(await judged(config)).toMatchObject({
      outcome: "missing",
      says: expect.stringMatching(why),
      mend: ["aws s3 cp config.json s3://b/k.json --region eu-central-1"],
    });
  });
});
