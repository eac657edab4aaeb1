import type { Act } from "../../support/acts.ts";

/** Asks the test what to do with the event that it was given, and does it. */
export async function handler(event: unknown): Promise<unknown> {
  const answer = await fetch(process.env.PUPPETEER ?? "", { method: "POST", body: JSON.stringify(event) });
  const act = (await answer.json()) as Act;
  if ("answer" in act) return act.answer;
  if (act.fail === "throw") throw new Error("By plan.");
  if (act.fail === "exit") process.exit(1);
  return await new Promise(() => undefined); // never answers: its time runs out
}
