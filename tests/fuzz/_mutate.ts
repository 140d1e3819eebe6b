/**
 * Damage: edits of a JSON value, of a text and of bytes. Every edit is data, so a failure shrinks to few of them.
 *
 * @module
 */
import fc from "fast-check";

/** One change of a JSON value. */
export interface Edit {
  /** Which place, counted through the whole value. */
  readonly at: number;
  readonly how: "replace" | "remove" | "rename" | "swap" | "wrap" | "repeat";
  readonly odd: unknown;
  readonly name: string;
}

/** Values that a program may trip over. JSON can write each of them. */
export const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -8.65e15,
  2 ** 53,
  9_007_199_254_740_991,
  "",
  " ",
  "0",
  "-1",
  "\0",
  "\ud800",
  "a\ud800b",
  "\u202e\u0000\u001b[31m",
  "__proto__",
  "../../etc/passwd",
  "a/b",
  "10.1.0.9",
  "10.1.0.9/24",
  "10.1.0.0/24",
  "10.1.0.1-10.1.0.9",
  "fd00::9",
  "::ffff:10.1.0.9",
  "0.0.0.0",
  "255.255.255.255",
  "30s",
  "forever",
  "9".repeat(400),
  "x".repeat(20_000),
  "%".repeat(300),
  [],
  {},
  [[]],
  [null],
  nested(60),
  JSON.parse('{"__proto__":{"schema":1},"constructor":1,"toString":2}'),
];

const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "schema", "", "0", "name"];

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let index = 0; index < depth; index++) value = index % 2 === 0 ? { a: value } : [value];
  return value;
}

/** One change of a JSON value. */
export const anEdit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(400),
  how: fc.constantFrom(
    "replace",
    "replace",
    "replace",
    "remove",
    "rename",
    "swap",
    "wrap",
    "repeat",
  ),
  odd: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...ODD) }, fc.jsonValue({ maxDepth: 2 })),
  name: fc.constantFrom(...NAMES),
});

/** Few edits. */
export const someEdits: fc.Arbitrary<readonly Edit[]> = fc.array(anEdit, {
  minLength: 1,
  maxLength: 4,
});

type Holder = Record<string, unknown> | unknown[];

interface Spot {
  readonly holder: Holder;
  readonly key: string;
}

/**
 * Applies edits to a copy.
 *
 * @param value A value of JSON.
 * @param edits What is done to it, in order.
 * @returns The damaged copy.
 */
export function damaged(value: unknown, edits: readonly Edit[]): unknown {
  const top: Record<string, unknown> = { top: structuredClone(value) };
  for (const edit of edits) {
    const spots = spotsOf(top);
    const spot = spots[edit.at % spots.length];
    const other = spots[(edit.at * 7 + 3) % spots.length];
    if (spot !== undefined && other !== undefined) apply(spot, { edit, other });
  }
  return top["top"];
}

function apply(
  { holder, key }: Spot,
  options: { readonly edit: Edit; readonly other: Spot },
): void {
  const { edit: { how, odd, name }, other } = options;
  const value = get(holder, key);
  switch (how) {
    case "replace":
      return set(holder, key, structuredClone(odd));
    case "remove":
      return key === "top" ? set(holder, key, null) : void Reflect.deleteProperty(holder, key);
    case "rename":
      if (Array.isArray(holder) || key === "top") return set(holder, key, { [name]: value });
      Reflect.deleteProperty(holder, key);
      return set(holder, name, value);
    case "swap": {
      const copy = structuredClone(get(other.holder, other.key));
      set(other.holder, other.key, structuredClone(value));
      return set(holder, key, copy);
    }
    case "wrap":
      return set(holder, key, [value]);
    case "repeat":
      return set(holder, key, [value, structuredClone(value), structuredClone(odd)]);
  }
}

/** Every place of a value, itself included, depth first. */
function spotsOf(holder: Holder): Spot[] {
  return Object.keys(holder).flatMap((key) => {
    const value = get(holder, key);
    const inner = typeof value === "object" && value !== null ? spotsOf(value as Holder) : []; // just looked at
    return [{ holder, key }, ...inner];
  });
}

function get(holder: Holder, key: string): unknown {
  return Reflect.getOwnPropertyDescriptor(holder, key)?.value;
}

/** Also `__proto__` becomes a key of its own, as `JSON.parse` makes it. */
function set(holder: Holder, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** One change of bytes. */
export interface Cut {
  /** Where, as a part of the whole: 0 to 1. */
  readonly at: number;
  readonly how: "flip" | "remove" | "insert" | "truncate" | "repeat";
  readonly bytes: Uint8Array;
}

const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  ":",
  "\\",
  "\\u",
  "\0",
  "\ufeff",
  "\r\n",
  "\t",
  "null",
  "1e999",
  "-",
  '"a":1,',
  '{"a":',
  "&a ",
  "*a ",
  "<<: ",
  "- ",
  "!!js/function ",
  "---\n",
  "[".repeat(2_000),
  '{"a":'.repeat(2_000),
].map((text) => new TextEncoder().encode(text));

/** One change of bytes. */
export const aCut: fc.Arbitrary<Cut> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  how: fc.constantFrom("flip", "remove", "insert", "insert", "truncate", "repeat"),
  bytes: fc.oneof(fc.constantFrom(...TOKENS), fc.uint8Array({ minLength: 1, maxLength: 8 })),
});

/**
 * Applies changes to bytes.
 *
 * @param bytes The bytes.
 * @param cuts What is done to them, in order.
 * @returns Other bytes.
 */
export function cutUp(bytes: Uint8Array, cuts: readonly Cut[]): Uint8Array<ArrayBuffer> {
  let all: number[] = [...bytes];
  for (const { at, how, bytes: more } of cuts) {
    const index = Math.floor(at * all.length);
    const before = all.slice(0, index);
    switch (how) {
      case "flip":
        all = [
          ...before,
          ...more.map((byte, nth) => byte ^ (all[index + nth] ?? 0)),
          ...all.slice(index + more.length),
        ];
        break;
      case "remove":
        all = [...before, ...all.slice(index + more.length)];
        break;
      case "insert":
        all = [...before, ...more, ...all.slice(index)];
        break;
      case "truncate":
        all = before;
        break;
      case "repeat":
        all = [...all.slice(0, index + more.length), ...all.slice(index)];
        break;
    }
  }
  return Uint8Array.from(all);
}

/** Whether each value stands where it stood: a secret in the place of a name is shown as a name. */
export function isInPlace(edits: readonly Edit[]): boolean {
  return edits.every(({ how }) => how !== "swap");
}
