import { assertEquals } from "@std/assert";
import fc from "fast-check";
import * as z from "zod/mini";
import { toZod } from "../../../lib/config/schema.ts";
import { ipamShape } from "../../../lib/config/shape.ts";
import {
  any,
  checked,
  type Fault,
  flag,
  list,
  number,
  object,
  type Shape,
  type Stranger,
  text,
  word,
} from "../../../lib/shape/shape.ts";

interface Read {
  readonly value: unknown;
  /** As `path: expected`. */
  readonly faults: readonly string[];
  readonly strangers: readonly string[];
}

function read(shape: Shape<unknown>, value: unknown, isNullAbsent = true): Read {
  const faults: Fault[] = [];
  const strangers: Stranger[] = [];
  const found = shape.read(value, { path: [], faults, strangers, isNullAbsent });
  return {
    value: found,
    faults: faults.map(({ path, expected }) => `${path.join(".")}: ${expected}`),
    strangers: strangers.map(({ path }) => path.join(".")),
  };
}

const PERSON = object({ name: text }, {
  age: number,
  tags: list(text),
  is: flag,
  extra: any,
  kind: word(["a", "b"]),
  even: checked(number, (value) => value % 2 === 0),
  inner: object({ must: text }, { may: text }),
});

const CASES: readonly (readonly [title: string, value: unknown, faults: readonly string[]])[] = [
  ["all that is required", { name: "x" }, []],
  ["all that is known", {
    name: "x",
    age: 1,
    tags: ["t"],
    is: false,
    extra: [{}],
    kind: "b",
    even: 4,
    inner: { must: "m", may: "n" },
  }, []],
  ["null for what is optional", { name: "x", age: null, inner: null }, []],
  ["a required key that is missing", {}, ["name: text"]],
  ["a required key that is null", { name: null }, ["name: text"]],
  ["a required key that only the prototype has", Object.create({ name: "x" }), ["name: text"]],
  ["each key of a wrong type", { name: 1, age: "1", tags: "t", is: 0 }, [
    "name: text",
    "age: number",
    "tags: list",
    "is: flag",
  ]],
  ["a number that JSON cannot write", { name: "x", age: JSON.parse("1e999") }, ["age: number"]],
  ["each wrong element", { name: "x", tags: ["t", 1, null] }, ["tags.1: text", "tags.2: text"]],
  ["another word", { name: "x", kind: "c" }, ["kind: text"]],
  ["a value that is refused", { name: "x", even: 3 }, ["even: number"]],
  ["a required key of an inner object", { name: "x", inner: {} }, ["inner.must: text"]],
  ["a list for an object", [], [": object"]],
  ["null for an object", null, [": object"]],
];

for (const [title, value, faults] of CASES) {
  Deno.test(`object() tells faults: ${title}`, () =>
    assertEquals(read(PERSON, value).faults, faults));
}

Deno.test("object() takes null for absent only where it is told to", () => {
  assertEquals(read(PERSON, { name: null, age: null }, true).faults, ["name: text"]);
  assertEquals(read(PERSON, { name: null, age: null }, false).faults, [
    "name: text",
    "age: number",
  ]);
});

Deno.test("object() keeps what is right beside a fault, and leaves out what nobody knows", () => {
  const { value, strangers } = read(PERSON, {
    name: "x",
    age: "old",
    tags: ["t", 1],
    is: true,
    nmae: "y",
    inner: { must: "m", amy: 1 },
  });
  assertEquals(value, { name: "x", is: true, inner: { must: "m" } });
  assertEquals(strangers, ["nmae", "inner.amy"]);
});

Deno.test("object() takes no key of a prototype for one of its own", () => {
  const value: unknown = JSON.parse('{"name": "x", "__proto__": {"age": 1}, "toString": 1}');
  assertEquals(read(PERSON, value), {
    value: { name: "x" },
    faults: [],
    strangers: ["__proto__", "toString"],
  });
});

Deno.test("the shape of ipam takes what the same schema of zod takes", () => {
  const keys = Object.keys(ipamShape.keys ?? {});
  const leaf = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.array(fc.string()));
  const inner = fc.dictionary(fc.constantFrom("file", "dst", "mtu", "etcdURL", "search"), leaf);
  const value = fc.dictionary(
    fc.constantFrom(...keys),
    fc.oneof(leaf, inner, fc.array(fc.oneof(inner, fc.array(inner)))),
    { maxKeys: 6 },
  );
  const schema = toZod(ipamShape);
  fc.assert(fc.property(value, (value) => {
    const json: unknown = JSON.parse(JSON.stringify(value));
    const isRight = z.safeParse(schema, withoutNull(json)).success;
    assertEquals(read(ipamShape, json).faults.length === 0, isRight);
  }));
});

/** `null` of a key counts as absent here, and is wrong for zod. */
function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      inner === null ? [] : [[key, withoutNull(inner)]]
    ),
  );
}
