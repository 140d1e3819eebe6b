/**
 * Finds keys that nobody reads: most of them are misspelt.
 *
 * @module
 */
import type * as z from "zod/mini";
import { formatPath, type PathPart } from "./mistakes.ts";
import { nearest } from "./nearest.ts";

/** A key that the shape does not know. */
export interface UnknownKey {
  /** Where it stands in the netconf. */
  readonly path: string;
  /** The key as it is written. */
  readonly key: string;
  /** The known key of the same object that was probably meant. */
  readonly nearest: string | undefined;
}

/** Options of {@linkcode findUnknownKeys}. */
export interface FindUnknownKeysOptions {
  /** The schema of the value. */
  readonly shape: z.core.$ZodType;
  /** Where the value stands. */
  readonly at: readonly PathPart[];
}

/**
 * Walks a value along its shape.
 *
 * @param value Any JSON value; where it has not the type of the shape, nothing is reported.
 * @param options The shape and where the value stands.
 * @returns The unknown keys in the order in which they are written.
 */
export function findUnknownKeys(value: unknown, options: FindUnknownKeysOptions): UnknownKey[] {
  const { shape, at } = options;
  const { def } = (shape as z.core.$ZodTypes)._zod; // every schema is one of these
  switch (def.type) {
    case "optional":
      return findUnknownKeys(value, { shape: def.innerType, at });
    case "array":
      if (!Array.isArray(value)) return [];
      return value.flatMap((element: unknown, index) =>
        findUnknownKeys(element, { shape: def.element, at: [...at, index] })
      );
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
      const known = def.shape;
      return Object.entries(value).flatMap(([key, inner]: [string, unknown]): UnknownKey[] => {
        const next = Object.hasOwn(known, key) ? known[key] : undefined;
        if (next !== undefined) return findUnknownKeys(inner, { shape: next, at: [...at, key] });
        return [{ path: formatPath([...at, key]), key, nearest: nearest(key, Object.keys(known)) }];
      });
    }
    default:
      return [];
  }
}
