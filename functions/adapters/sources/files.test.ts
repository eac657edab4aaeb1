import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Frame } from "../../pipeline/records.ts";
import { readInputs, totalBytes } from "./files.ts";

const dir = mkdtempSync(join(tmpdir(), "crosstrail-files-"));
const file = (name: string, content: string | Buffer): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};
beforeAll(() => mkdirSync(join(dir, "sub/deep"), { recursive: true }));
afterAll(() => rmSync(dir, { recursive: true }));

async function read(paths: readonly string[], options: Partial<Parameters<typeof readInputs>[1]> = {}) {
  const errors: string[] = [];
  const frames: Frame[] = [];
  let bytes = 0;
  for await (const chunk of readInputs(paths, { onError: (error) => errors.push(error.message), ...options })) {
    frames.push(...chunk.frames);
    bytes += chunk.bytes;
  }
  return {
    texts: frames.map(({ text, error }) => error?.code ?? text),
    origins: frames.map(({ origin }) => origin),
    errors,
    bytes,
  };
}

describe("inputs", () => {
  it("are files, plain or gzip, told by their bytes and not by their names", async () => {
    const plain = file("plain.gz", '{"a":1}\n{"b":"ü😀"}');
    const packed = file("packed.log", gzipSync('{"c":3}\n'));
    const { texts, origins, errors } = await read([plain, packed]);
    expect(texts).toEqual(['{"a":1}', '{"b":"ü😀"}', '{"c":3}']);
    expect(origins[1]).toEqual({ from: plain, line: 2 });
    expect(errors).toEqual([]);
  });

  it("may be several gzip members in a row, as exports write them", async () => {
    const path = file("members.gz", Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"b":2}\n')]));
    expect((await read([path])).texts).toEqual(['{"a":1}', '{"b":2}']);
  });

  it("are folders, with everything below them in order of path, hidden files left out", async () => {
    const base = join(dir, "sub");
    file("sub/b.json", '{"b":1}');
    file("sub/a.json", '{"a":1}');
    file("sub/.hidden", '{"no":1}');
    file("sub/deep/c.json", '{"c":1}');
    const { texts } = await read([base]);
    expect(texts).toEqual(['{"a":1}', '{"b":1}', '{"c":1}']);
    expect(await totalBytes([base])).toBe(21);
    expect(await totalBytes([base, "-"])).toBeUndefined();
  });

  it("are standard input, packed or not", async () => {
    for (const bytes of [Buffer.from('{"a":1}'), gzipSync('{"a":1}')]) {
      const { texts, origins } = await read(["-"], { stdin: Readable.from([bytes.subarray(0, 5), bytes.subarray(5)]) });
      expect(texts).toEqual(['{"a":1}']);
      expect(origins[0]?.from).toBe("-");
    }
  });

  it("are text of Windows, too, when it says so", async () => {
    const text = '{"a":"ä€😀"}\n{"b":1}\n';
    const little = Buffer.from(`\uFEFF${text}`, "utf16le");
    const bytes = [little, Buffer.from(little).swap16(), gzipSync(little), Buffer.from(`\uFEFF${text}`)];
    for (const [index, content] of bytes.entries())
      expect((await read([file(`windows-${index}.json`, content)])).texts).toEqual(text.trimEnd().split("\n"));
  });

  it("that are missing are named, and the others are still read", async () => {
    const good = file("good.json", '{"a":1}');
    const { texts, errors } = await read([join(dir, "none.json"), good]);
    expect(errors).toEqual([`${join(dir, "none.json")}: no such file or directory`]);
    expect(texts).toEqual(['{"a":1}']);
  });

  it("that are cut or corrupt give what could be read, and say so", async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"n":${index},"pad":"${Math.sin(index)}"}`).join("\n");
    const whole = gzipSync(lines);
    const { texts, errors } = await read([file("cut.gz", whole.subarray(0, Math.floor(whole.length / 2)))]);
    expect(texts.at(-1)).toBe("E_GZIP");
    expect(texts[0]).toBe('{"n":0,"pad":"0"}');
    expect(texts.length).toBeGreaterThan(5_000);
    expect(errors).toEqual([]);
    const spoiled = Buffer.from(whole);
    spoiled.fill(0xff, whole.length >> 1, (whole.length >> 1) + 50);
    expect((await read([file("spoiled.gz", spoiled)])).texts.at(-1)).toBe("E_GZIP");
  });

  it("count the bytes read from disk, for progress", async () => {
    const path = file("bytes.gz", gzipSync(`${'{"a":1}\n'.repeat(10_000)}`));
    expect((await read([path])).bytes).toBe(await totalBytes([path]));
  });

  it("end cleanly when asked to", async () => {
    const path = file("long.json", '{"a":1}\n'.repeat(200_000));
    const stop = new AbortController();
    let chunks = 0;
    for await (const _ of readInputs([path, path], { onError: () => undefined, signal: stop.signal })) {
      chunks += 1;
      stop.abort();
    }
    expect(chunks).toBe(1);
  });

  it("are read no faster than they are taken, however much they unpack to", () => {
    const path = file("wide.gz", gzipSync(`{"pad":"${"x".repeat(1_000)}"}\n`.repeat(250_000)));
    // In a process of its own: what other tests left behind is collected whenever it pleases.
    const script = `
      const { readInputs } = await import(process.argv[1]);
      const before = process.memoryUsage().rss;
      let [frames, most] = [0, 0];
      for await (const chunk of readInputs([process.argv[2]], { onError: () => undefined })) {
        frames += chunk.frames.length;
        if (frames % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, process.memoryUsage().rss - before);
      }
      console.log(JSON.stringify({ frames, most }));`;
    const module = new URL("./files.ts", import.meta.url).href;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script, module, path], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const { frames, most } = JSON.parse(stdout) as { frames: number; most: number };
    expect(frames).toBe(250_000);
    expect(most).toBeLessThan(150_000_000);
  });
});
