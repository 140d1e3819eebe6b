/**
 * What a JSON value must be like: shapes, and reading a value by one.
 *
 * Hand-written, because it runs in every call of a process that lives for some milliseconds: loading a
 * validation package took longer than the call's transaction (docs/decisions/0014-start-up.md). Types only
 * are checked here; meaning is checked where a value is used.
 *
 * @module
 */

/** A key or an index on the way to a value. */
export type PathPart = string | number;

/** What a shape asks for. */
export type Kind = "text" | "number" | "flag" | "any" | "list" | "object";

/** A value that is not of its shape. */
export interface Fault {
  /** Keys and indexes from the outermost value on. */
  readonly path: readonly PathPart[];
  readonly expected: Kind;
  /** What stands there; `undefined` where a required key is missing. */
  readonly value: unknown;
}

/** A key that its object's shape does not have. */
export interface Stranger {
  readonly path: readonly PathPart[];
  readonly key: string;
  /** The keys that the shape has. */
  readonly known: readonly string[];
}

/** Where a value stands, and who is told of what is found. */
export interface Place {
  readonly path: readonly PathPart[];
  readonly faults: Fault[];
  /** Whether `null` counts as an absent key, as it does for Go's decoder. Default no. */
  readonly isNullAbsent?: boolean;
  /** Without it nobody looks at keys that are not known. */
  readonly strangers?: Stranger[] | undefined;
}

/** A shape of values of type `T`. */
export interface Shape<T> {
  readonly kind: Kind;
  /** The value as far as it is of the shape; `undefined` after a fault was told. */
  readonly read: (value: unknown, place: Place) => T | undefined;
  /** Of a list: the shape of its elements. */
  readonly element?: Shape<unknown>;
  /** Of an object: the shapes of its keys. */
  readonly keys?: Shapes;
}

/** The shapes of the keys of an object. */
export type Shapes = Readonly<Record<string, Shape<unknown>>>;

/** The type of the values of a shape. */
export type ValueOf<S> = S extends Shape<infer T> ? T : never;

/** The object that shapes of keys make. */
export type ObjectOf<Required extends Shapes, Optional extends Shapes> =
  & { readonly [K in keyof Required]: ValueOf<Required[K]> }
  & { readonly [K in keyof Optional]?: ValueOf<Optional[K]> };

/** A text. */
export const text: Shape<string> = scalar("text", (value) => typeof value === "string");
/** A finite number. */
export const number: Shape<number> = scalar("number", Number.isFinite);
/** `true` or `false`. */
export const flag: Shape<boolean> = scalar("flag", (value) => typeof value === "boolean");
/** Any value at all. */
export const any: Shape<unknown> = scalar("any", () => true);

/**
 * A scalar that must be more than of its type.
 *
 * @param shape Its type.
 * @param isRight Tells whether a value of the type is right.
 * @returns The shape.
 */
export function checked<T, U extends T = T>(
  shape: Shape<T>,
  isRight: ((value: T) => value is U) | ((value: T) => boolean),
): Shape<U> {
  const { kind } = shape;
  return {
    kind,
    read: (value, place) => {
      const read = shape.read(value, place);
      if (read === undefined || isRight(read)) return read as U | undefined; // just looked at
      return told(place, kind, value);
    },
  };
}

/** One of some words. */
export function word<const W extends string>(words: readonly W[]): Shape<W> {
  return checked(text, (value): value is W => words.some((one) => one === value));
}

/** A list; one wrong element is a fault of the whole. */
export function list<T>(element: Shape<T>): Shape<readonly T[]> {
  return {
    kind: "list",
    element,
    read: (value, place) => {
      if (!Array.isArray(value)) return told(place, "list", value);
      const { path, ...rest } = place;
      const read = value.map((one: unknown, index) =>
        element.read(one, { ...rest, path: [...path, index] })
      );
      return read.every((one) => one !== undefined) ? read : undefined;
    },
  };
}

/**
 * An object. Keys of neither kind are left out.
 *
 * @param required Keys that must be there.
 * @param optional Keys that need not be there; a fault in one leaves it out.
 * @returns The shape.
 */
export function object<R extends Shapes, O extends Shapes>(
  required: R,
  optional: O,
): Shape<ObjectOf<R, O>> {
  const keys: Shapes = { ...required, ...optional };
  return {
    kind: "object",
    keys,
    read: (value, place) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        return told(place, "object", value);
      }
      const found: Record<string, unknown> = {};
      for (const [key, inner] of Object.entries(value)) {
        const shape = Object.hasOwn(keys, key) ? keys[key] : undefined;
        const path = [...place.path, key];
        if (shape === undefined) {
          place.strangers?.push({ path, key, known: Object.keys(keys) });
        } else if (inner !== null || place.isNullAbsent !== true) {
          const read = shape.read(inner, { ...place, path });
          if (read !== undefined) found[key] = read;
        }
      }
      for (const [key, { kind }] of Object.entries(required)) {
        const inner = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
        if (inner === undefined || (inner === null && place.isNullAbsent === true)) {
          return told({ ...place, path: [...place.path, key] }, kind, inner);
        }
      }
      return found as ObjectOf<R, O>; // each key was read by its shape, or its fault was told
    },
  };
}

function scalar<T>(kind: Kind, isRight: (value: unknown) => boolean): Shape<T> {
  return {
    kind,
    read: (value, place) => isRight(value) ? value as T : told(place, kind, value), // just looked at
  };
}

function told({ path, faults }: Place, expected: Kind, value: unknown): undefined {
  faults.push({ path, expected, value });
  return undefined;
}
