// Keeps a server that knows no host option on the loopback.
const { Server } = require("node:net");
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  const [first] = args;
  if (typeof first === "number" && typeof args[1] !== "string") args.splice(1, 0, "127.0.0.1");
  else if (first !== null && typeof first === "object" && first.port !== undefined) first.host = "127.0.0.1";
  return listen.apply(this, args);
};
