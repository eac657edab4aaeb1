/** Operators of `$((...))` by how tightly they bind, loosest first. */
const LEVELS: readonly (readonly string[])[] = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];

const TOKEN = /\s*(0x[0-9a-f]+|\d+#[0-9a-z]+|\d+|[a-z_]\w*|\$\{\w+\}|\$\w+|<<|>>|\*\*|[-+*/%&|^~()])/giy;

/** The text that a variable holds. */
export type Lookup = (name: string) => string | undefined;

/** Longest expression that is read; whoever writes an address in arithmetic needs far less. */
const MAX_EXPRESSION_CHARS = 120;

/** The value of an integer expression of the shell (bash(1), ARITHMETIC EVALUATION; no assignment, comparison or
 * ternary), or undefined. */
export function arithmetic(source: string, held: Lookup): number | undefined {
  const tokens = source.length > MAX_EXPRESSION_CHARS ? undefined : tokensOf(source);
  if (tokens === undefined || tokens.length === 0) return undefined;
  let next = 0;
  const level = (depth: number): number => {
    const operators = LEVELS[depth];
    if (operators === undefined) return power();
    let value = level(depth + 1);
    for (let operator = tokens[next]; operator !== undefined && operators.includes(operator); operator = tokens[next]) {
      next += 1;
      value = apply(operator, value, level(depth + 1));
    }
    return value;
  };
  const power = (): number => {
    const base = unary();
    if (tokens[next] !== "**") return base;
    next += 1;
    return base ** power();
  };
  const unary = (): number => {
    const token = tokens[next] ?? "";
    next += 1;
    if (token === "-") return -unary();
    if (token === "+") return unary();
    if (token === "~") return ~unary();
    return token === "(" ? grouped() : literal(token, held);
  };
  const grouped = (): number => {
    const value = level(0);
    next += 1;
    return tokens[next - 1] === ")" ? value : Number.NaN;
  };
  const value = level(0);
  return next === tokens.length && Number.isSafeInteger(value) ? value : undefined;
}

function tokensOf(source: string): readonly string[] | undefined {
  const text = source.trim();
  const matches = Array.from(text.matchAll(TOKEN));
  const read = matches.reduce((sum, [token]) => sum + token.length, 0);
  return read === text.length ? matches.map((match) => match[1] ?? "") : undefined;
}

function apply(operator: string, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return Math.trunc(left / right);
    case "%":
      return left % right;
    case "<<":
      return left * 2 ** right;
    case ">>":
      return Math.floor(left / 2 ** right);
    case "&":
      return left & right;
    case "|":
      return left | right;
    default:
      return left ^ right;
  }
}

/** A number in C's spellings or as base#digits, or the value of a variable that holds one. */
function literal(token: string, held: Lookup): number {
  const based = /^(\d+)#(\w+)$/.exec(token);
  if (based !== null) {
    const radix = Number(based[1]);
    return radix >= 2 && radix <= 36 ? Number.parseInt(based[2] ?? "", radix) : Number.NaN;
  }
  const text = /^\d/.test(token) ? token : (held(token.replace(/[${}]/g, "")) ?? "");
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
}
