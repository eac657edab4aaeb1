/** Ports to which things happen, by plan. */
import { CrosstrailError, type ErrorCode } from "../../schemas/errors.ts";

export const ports = ["ledger", "findings", "outbox", "quarantine", "config", "clock", "hub", "topic"] as const;
export type Port = (typeof ports)[number];

/** What becomes of a call of a port. */
export type Luck =
  | "fine"
  /** Refused for a while, in the words of the port, before its effect. */
  | "fails"
  /** In words that nobody knows. */
  | "breaks"
  /** It has its effect, and the answer is lost. */
  | "lost"
  /** No access. */
  | "refused"
  /** The environment ends, before its effect or after. */
  | "dies before"
  | "dies after";

const TRANSIENT: Partial<Record<Port, ErrorCode>> = {
  ...{ ledger: "E_LEDGER", findings: "E_LEDGER", clock: "E_LEDGER", outbox: "E_OUTBOX", quarantine: "E_QUARANTINE" },
};

/** Ends by itself never, as an environment that is gone. */
const NEVER = new Promise<never>(() => undefined);

function before(what: Luck, code: ErrorCode): Promise<never> | undefined {
  if (what === "breaks") return Promise.reject(new Error("By plan."));
  if (what === "fails") return Promise.reject(new CrosstrailError(code, "By plan.", { cause: undefined }));
  if (what === "refused")
    return Promise.reject(new CrosstrailError("E_LEDGER_REFUSED", "By plan.", { cause: undefined }));
  return what === "dies before" ? NEVER : undefined;
}

function after(what: Luck): Promise<never> | undefined {
  if (what === "lost") return Promise.reject(new Error("The answer is lost, by plan."));
  return what === "dies after" ? NEVER : undefined;
}

/** `luck` of a call of a port, by its number from 0; `calls` counts them. */
export const createPorts =
  (luck: (port: Port, call: number) => Luck, calls: Map<Port, number>) =>
  <A extends unknown[], T>(name: Port, call: (...args: A) => Promise<T>) =>
  async (...args: A): Promise<T> => {
    const number = calls.get(name) ?? 0;
    calls.set(name, number + 1);
    const what = luck(name, number);
    await before(what, TRANSIENT[name] ?? "E_READ");
    const answer = await call(...args);
    await after(what);
    return answer;
  };
