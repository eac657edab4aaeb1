import { describe, expect, it } from "vitest";
import type { Config } from "../../schemas/config/config.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { type ConfigObject, type ConfigStore, createConfigSource } from "./config-source.ts";

const GOOD = JSON.stringify({ version: 1 });
const MINUTE_MS = 60_000;

type Now = Awaited<ReturnType<ConfigStore["now"]>>;

interface Options {
  readonly accept?: (config: Config) => void;
  /** Versions before the first; an error is thrown where it stands. */
  readonly earlier?: readonly (ConfigObject | Error)[];
}

/** What is kept, minute by minute; the last stays. An error is thrown. */
function source(kept: readonly (Now | Error)[], { accept = () => undefined, earlier = [] }: Options = {}) {
  let at = 0;
  let asked = 0;
  const known: (string | undefined)[] = [];
  const looked: string[] = [];
  const ask = createConfigSource(
    {
      async now(version) {
        known.push(version);
        const found = kept[Math.min(asked, kept.length - 1)];
        asked += 1;
        if (found instanceof Error) throw found;
        return found;
      },
      async *earlier(than) {
        for (const one of earlier) {
          looked.push(than);
          if (one instanceof Error) throw one;
          yield one;
        }
      },
    },
    async (config) => accept(config),
    () => at,
  );
  const nextMinute = () => {
    at += MINUTE_MS;
    return ask();
  };
  return { ask, nextMinute, known, looked };
}

describe("the configuration", () => {
  it("is read once a minute, by the version that is known", async () => {
    const { ask, nextMinute, known } = source([{ text: GOOD, version: "v1" }, "unchanged"]);
    const first = await ask();
    expect(await ask()).toBe(first);
    expect(known).toEqual([undefined]);
    expect(await nextMinute()).toBe(first);
    expect(known).toEqual([undefined, "v1"]);
    expect(first).toEqual({ config: { version: 1 }, version: "v1" });
  });

  it("that is missing is the default", async () => {
    const { ask } = source([undefined]);
    expect(await ask()).toEqual({ config: { version: 1 }, version: "default" });
  });

  it("that could not be asked for when all began is not taken for a missing one, and is asked for again", async () => {
    const { ask } = source([new Error("no access"), { text: GOOD, version: "v1" }]);
    await expect(ask()).rejects.toThrow("no access");
    expect((await ask()).version).toBe("v1");
  });

  it.each([
    ["is no JSON", "{"],
    ["is not valid", JSON.stringify({ version: 1, unheardOf: true })],
  ])("that %s leaves the last good one in force, and says so until it is mended", async (_, text) => {
    const { ask, nextMinute } = source([
      { text: GOOD, version: "v1" },
      { text, version: "v2" },
      "unchanged",
      { text: GOOD, version: "v3" },
    ]);
    await ask();
    const bad = { config: { version: 1 }, version: "v1", problem: { version: "v2" } };
    expect(await nextMinute()).toMatchObject(bad);
    expect(await nextMinute()).toMatchObject(bad);
    expect(await nextMinute()).toEqual({ config: { version: 1 }, version: "v3" });
  });

  it("that cannot be used is as bad, and leaves the default when there was no other", async () => {
    const accept = (): void => {
      throw new Error("no such detector");
    };
    const { ask } = source([{ text: GOOD, version: "v1" }], { accept });
    const problem = { version: "v1", message: expect.stringContaining("no such detector") };
    expect(await ask()).toEqual({ config: { version: 1 }, version: "default", problem });
  });

  it("that could not be read for a minute is whole again in the next, though it has not changed", async () => {
    const { ask, nextMinute } = source([{ text: GOOD, version: "v1" }, new Error("slow down"), "unchanged"]);
    const good = await ask();
    expect(await nextMinute()).toMatchObject({ version: "v1", problem: { message: "cannot be read: slow down" } });
    expect(await nextMinute()).toEqual(good);
  });

  it("that is bad stays known as bad when it could not be read for a minute", async () => {
    const { ask, nextMinute } = source([
      { text: GOOD, version: "v1" },
      { text: "{", version: "v2" },
      new Error("slow down"),
      "unchanged",
    ]);
    await ask();
    await nextMinute();
    await nextMinute();
    expect(await nextMinute()).toMatchObject({ version: "v1", problem: { version: "v2" } });
  });

  describe("that is bad when a process begins", () => {
    const bad = { text: "{", version: "v9" };
    const refused = new CrosstrailError("E_AWS_REFUSED", "no access to its versions", { cause: undefined });

    it("leaves the latest good one of the earlier versions in force, and is looked for once", async () => {
      const earlier = [
        { text: "also bad", version: "v8" },
        { text: JSON.stringify({ version: 1, proxies: ["192.0.2.1"] }), version: "v7" },
        { text: GOOD, version: "v6" },
      ];
      const { ask, nextMinute, looked } = source([bad, "unchanged"], { earlier });
      const found = { version: "v7", config: { proxies: ["192.0.2.1"] }, problem: { version: "v9" } };
      expect(await ask()).toMatchObject(found);
      expect(await nextMinute()).toMatchObject(found);
      expect(looked).toEqual(["v9", "v9"]);
    });

    it("goes past those that are valid and cannot be used", async () => {
      const earlier = [
        { text: JSON.stringify({ version: 1, proxies: [] }), version: "v8" },
        { text: GOOD, version: "v7" },
      ];
      const accept = ({ proxies }: Config): void => {
        if (proxies !== undefined) throw new Error("no such detector");
      };
      expect((await source([bad], { earlier, accept }).ask()).version).toBe("v7");
    });

    it("leaves the default where no version was ever good, or none may be read, and then says which right is missing", async () => {
      const none = await source([bad], { earlier: [{ text: "bad", version: "v8" }] }).ask();
      expect(none).toMatchObject({ config: { version: 1 }, version: "default", problem: { version: "v9" } });
      const unread = await source([bad], { earlier: [refused] }).ask();
      expect(unread).toMatchObject({
        ...{ config: { version: 1 }, version: "default" },
        problem: { version: "v9", message: expect.stringMatching(/no earlier version can be read: no access to its/) },
      });
    });

    it("is asked for again where the earlier versions may be had the next time", async () => {
      let slow = true;
      const earlier: ConfigStore["earlier"] = async function* () {
        if (slow) throw new CrosstrailError("E_AWS", "slow down", { cause: undefined });
        yield { text: GOOD, version: "v8" };
      };
      const known: (string | undefined)[] = [];
      const now: ConfigStore["now"] = async (version) => {
        known.push(version);
        return bad;
      };
      const ask = createConfigSource(
        { now, earlier },
        () => undefined,
        () => 0,
      );
      await expect(ask()).rejects.toThrow("slow down");
      slow = false;
      expect(await ask()).toMatchObject({ version: "v8", problem: { version: "v9" } });
      expect(known).toEqual([undefined, undefined]);
    });

    it("does not send a process back that has a good one", async () => {
      const earlier = [{ text: GOOD, version: "v0" }];
      const { ask, nextMinute, looked } = source([{ text: GOOD, version: "v1" }, bad], { earlier });
      await ask();
      expect(await nextMinute()).toMatchObject({ version: "v1", problem: { version: "v9" } });
      expect(looked).toEqual([]);
    });
  });
});
