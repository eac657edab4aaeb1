/** Doubles of the SDK's clients: what is sent is answered by a function, in this process. */
interface Sendable {
  readonly input: object;
}

/** A service's error, as the SDK throws it. */
export const serviceError = (name: string, message = name): Error => Object.assign(new Error(message), { name });

/** A client that answers each command by its name: `FilterLogEventsCommand` and so on. Keeps what was sent. */
export function clientOf<C>(answers: Readonly<Record<string, (input: never) => unknown>>) {
  const sent: { readonly name: string; readonly input: never }[] = [];
  const send = async (command: Sendable): Promise<unknown> => {
    const { name } = command.constructor;
    sent.push({ name, input: command.input as never });
    const answer = answers[name];
    if (answer === undefined) throw new Error(`nobody answers ${name}`);
    return answer(command.input as never);
  };
  return { client: { send } as unknown as C, sent };
}

/** Waits that end at once. */
export const atOnce = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
