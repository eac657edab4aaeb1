import { describe, expect, it } from "vitest";
import { createConfigSource, type FetchConfig } from "./config-source.ts";

const GOOD = JSON.stringify({ version: 1 });
const MINUTE_MS = 60_000;

/** What is kept, minute by minute; the last stays. An error is thrown. */
function source(kept: readonly (Awaited<ReturnType<FetchConfig>> | Error)[], accept: () => void = () => undefined) {
  let at = 0;
  let asked = 0;
  const known: (string | undefined)[] = [];
  const ask = createConfigSource(
    async (version) => {
      known.push(version);
      const found = kept[Math.min(asked, kept.length - 1)];
      asked += 1;
      if (found instanceof Error) throw found;
      return found;
    },
    accept,
    () => at,
  );
  const nextMinute = () => {
    at += MINUTE_MS;
    return ask();
  };
  return { ask, nextMinute, known };
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
    const { ask } = source([{ text: GOOD, version: "v1" }], accept);
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
});
