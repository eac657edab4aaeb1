import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { Act } from "../support/acts.ts";

/** Tells functions made of `handlers/puppet.ts` what to do, one event at a time. */
export interface Puppeteer {
  readonly url: string;
  readonly close: () => void;
}

export async function startPuppeteer<E>(script: (event: E) => Act): Promise<Puppeteer> {
  const server = createServer(async (request, response) => {
    const act = script(JSON.parse(await text(request)));
    response.setHeader("content-type", "application/json").end(JSON.stringify(act));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
