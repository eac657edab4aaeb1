import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { requestOf } from "./aws-protocols.ts";

/** Answers a request, by the operation's name, or never; throws an error of the service's name. */
export type Answer = (operation: string, input: never) => object | undefined | "never";

/** A service on the loopback, for commands that make their own clients. */
export async function awsServer(
  answer: Answer,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    request.on("end", () => {
      const asked = requestOf(request, body, response);
      try {
        const answered = answer(asked.operation, asked.input as never);
        if (answered !== "never") asked.answer(answered ?? {});
      } catch (cause) {
        asked.refuse(cause as Error);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
