import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request of the AWS JSON protocol, by the operation's name, or never; throws an error of the service's name. */
export type Answer = (operation: string, input: never) => object | undefined | "never";

/** A service of the JSON protocol on the loopback, for commands that make their own clients. */
export async function awsServer(
  answer: Answer,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
      try {
        const answered = answer(operation, JSON.parse(body) as never);
        if (answered === "never") return;
        response.setHeader("content-type", "application/x-amz-json-1.1");
        response.end(JSON.stringify(answered ?? {}));
      } catch (cause) {
        const { name, message } = cause as Error;
        response.statusCode = 400;
        response.end(JSON.stringify({ __type: name, message }));
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
