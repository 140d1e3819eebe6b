/**
 * Finds where and why a text is not JSON, in words for the person who wrote it.
 *
 * It runs only after `JSON.parse` refused the text, whose own message differs between engines and
 * names neither line nor repair. It keeps its place on a stack of brackets, not by recursion, so
 * that no depth of nesting ends it.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259}
 * @module
 */

/** Why a text is not JSON. */
export interface JsonError {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters; a tab is one. */
  readonly column: number;
  /** What is wrong and what to do, without values that could be secrets beyond one word. */
  readonly what: string;
}

interface Fault {
  readonly at: number;
  readonly what: string;
}

interface Token {
  readonly kind: "punctuation" | "string" | "literal" | "end";
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y;
const WORD = /(?:true|false|null)(?![\w$])/y;
const SHOWN = 60;
const SECRET = /passw|secret|token|credential/i;
const USER_INFO = /\/\/[^/@]*@/g;

/**
 * Finds the first error.
 *
 * @param text The text that `JSON.parse` refused.
 * @returns Place and reason, or `undefined` when the text is JSON.
 */
export function findJsonError(text: string): JsonError | undefined {
  const fault = scan(text);
  if (fault === undefined) return undefined;
  const before = text.slice(0, fault.at);
  const lineStart = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: [...before.slice(lineStart)].length + 1,
    what: fault.what,
  };
}

// What may stand next: a value, a key, the colon after a key, or what follows a value.
type Expected = "value" | "firstValue" | "key" | "firstKey" | "colon" | "next";

function scan(text: string): Fault | undefined {
  const open: Token[] = [];
  let expected: Expected = "value";
  let last: Token = { kind: "end", text: "", at: 0, end: 0 };
  /** How deep the key of a secret stands; all within it is one. */
  let secretAt = Infinity;
  while (true) {
    const secret = secretAt !== Infinity;
    const token = readToken(text, { from: last.end, secret });
    if (!("kind" in token)) return token;
    const step = advance({ expected, open, last, token, secret });
    if (step === "done") return undefined;
    if (typeof step !== "string") return step;
    if (step === "colon" && open.length <= secretAt) {
      secretAt = SECRET.test(token.text) ? open.length : Infinity;
    }
    expected = step;
    last = token;
  }
}

interface State {
  readonly expected: Expected;
  readonly open: Token[];
  readonly last: Token;
  readonly token: Token;
  /** An outer key is one of a secret: no value is shown. */
  readonly secret: boolean;
}

function advance(state: State): Expected | "done" | Fault {
  const { expected, open, last, token, secret } = state;
  const { text } = token;
  switch (expected) {
    case "colon":
      return text === ":"
        ? "value"
        : fault(last.end, `a colon is missing after ${show(last, false)}`);
    case "next":
      return afterValue(state);
    case "firstKey":
    case "key":
      if (token.kind === "string") return "colon";
      if (text === "}" && expected === "firstKey") return close(open);
      if (text === "}") return fault(last.at, "a comma is too many before }");
      if (token.kind === "end") return unclosed(token, open);
      return fault(token.at, `a key in double quotes is expected, not ${show(token, secret)}`);
    case "firstValue":
    case "value":
      if (token.kind === "string" || token.kind === "literal") return "next";
      if (text === "{" || text === "[") {
        open.push(token);
        return text === "{" ? "firstKey" : "firstValue";
      }
      if (text === "]" && expected === "firstValue") return close(open);
      if (text === "]" && last.text === ",") return fault(last.at, "a comma is too many before ]");
      if (token.kind === "end" && last.text !== ":") return unclosed(token, open);
      return fault(token.at, `a value is missing before ${show(token, secret)}`);
  }
}

function afterValue({ open, last, token, secret }: State): Expected | "done" | Fault {
  const { text } = token;
  const outer = open.at(-1)?.text;
  if (outer === undefined) {
    if (token.kind === "end") return "done";
    return fault(
      token.at,
      `the text goes on with ${show(token, secret)} after its end: remove the rest`,
    );
  }
  if (text === ",") return outer === "{" ? "key" : "value";
  if (text === (outer === "{" ? "}" : "]")) return close(open);
  if (token.kind === "end") return unclosed(token, open);
  if (text === "}" || text === "]") {
    return fault(token.at, `${outer === "{" ? "}" : "]"} is expected, not ${text}`);
  }
  if (text === ":" || text === "=") return fault(token.at, `a comma is expected, not ${text}`);
  return fault(last.end, `a comma is missing after ${show(last, secret)}`);
}

function close(open: Token[]): Expected {
  open.pop();
  return "next";
}

function unclosed(token: Token, open: readonly Token[]): Fault {
  const missing = open.map(({ text }) => text === "{" ? "}" : "]").reverse().slice(0, 8).join("");
  return fault(
    token.at,
    missing === "" ? "a value is missing at the end" : `the text ends too early: add ${missing}`,
  );
}

function readToken(
  text: string,
  { from, secret }: { readonly from: number; readonly secret: boolean },
): Token | Fault {
  const at = from + (match(SPACE, text, from)?.length ?? 0);
  const first = text[at];
  if (first === undefined) return { kind: "end", text: "", at, end: at };
  if ("{}[],:".includes(first)) return { kind: "punctuation", text: first, at, end: at + 1 };
  if (first === '"') return readString(text, at);
  const literal = match(NUMBER, text, at) ?? match(WORD, text, at);
  if (literal !== undefined) {
    return { kind: "literal", text: literal, at, end: at + literal.length };
  }
  return brokenLiteral(text, { at, secret });
}

// By hand: a regular expression would need a stack as deep as the string is long.
function readString(text: string, at: number): Token | Fault {
  for (let index = at + 1; index < text.length; index++) {
    const char = text[index] ?? "";
    if (char === '"') {
      return { kind: "string", text: text.slice(at, index + 1), at, end: index + 1 };
    }
    if (char === "\n" || char === "\r") {
      return fault(index, "a double quote is missing before the end of the line");
    }
    if (char < " ") {
      return fault(index, "a control character stands in a text: write \\u and four hex digits");
    }
    if (char !== "\\") continue;
    if (!/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(index, index + 6))) {
      return fault(index, "a backslash stands before a character that needs none: write \\\\");
    }
    index++;
  }
  return fault(at, "the text that begins here has no closing double quote");
}

function brokenLiteral(
  text: string,
  { at, secret }: { readonly at: number; readonly secret: boolean },
): Fault {
  const first = text[at] ?? "";
  if (first === "\ufeff") return fault(at, "a byte order mark stands here: remove it");
  if (first === "'") return fault(at, "single quotes stand here: write double quotes");
  if (first === "#" || text.startsWith("//", at) || text.startsWith("/*", at)) {
    return fault(at, "a comment stands here: JSON has none, remove it");
  }
  const word = /[\w.+-]+/y;
  word.lastIndex = at;
  const found = word.exec(text)?.[0];
  if (found === undefined) return fault(at, `${JSON.stringify(first)} cannot stand here`);
  const repair = /^[-+.\d]/.test(found) ? "is not a number of JSON" : "needs double quotes";
  return fault(at, `${secret ? "a secret" : cut(found)} ${repair}`);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function show(token: Token, secret: boolean): string {
  if (token.kind === "end") return "the end";
  return secret && token.kind !== "punctuation" ? "a secret" : cut(token.text);
}

function cut(text: string): string {
  const shown = text.replaceAll(USER_INFO, "//***@");
  return shown.length <= SHOWN ? shown : `${shown.slice(0, SHOWN)}...`;
}

function fault(at: number, what: string): Fault {
  return { at, what };
}
