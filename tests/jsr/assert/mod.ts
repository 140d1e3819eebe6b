/**
 * A thin stand-in for `jsr:@std/assert` on `node:assert`: same names, same signatures,
 * for machines that cannot reach jsr.io.
 *
 * @module
 */
import {
  AssertionError as NodeAssertionError,
  deepStrictEqual,
  notDeepStrictEqual,
} from "node:assert";
import { inspect } from "node:util";

/** Thrown by every assertion here. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

function raise(problem: string, msg: string | undefined): never {
  throw new AssertionError(msg === undefined ? problem : `${problem}: ${msg}`);
}

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that `expr` is falsy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is false {
  if (expr) throw new AssertionError(msg);
}

/** Asserts that two values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    deepStrictEqual(plain(actual), plain(expected));
  } catch (error) {
    raise(error instanceof NodeAssertionError ? error.message : String(error), msg);
  }
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    notDeepStrictEqual(plain(actual), plain(expected));
  } catch {
    raise(`Expected values not to be equal: ${inspect(actual)}`, msg);
  }
}

/** Asserts that two values are the same by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (!Object.is(actual, expected)) {
    raise(`Values are not strictly equal: ${inspect(actual)} and ${inspect(expected)}`, msg);
  }
}

/** Asserts that `actual` is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) raise(`Expected a value, got ${actual}`, msg);
}

/** Asserts that `actual` is an instance of `expectedType`. */
// deno-lint-ignore no-explicit-any
export function assertInstanceOf<T extends abstract new (...args: any[]) => any>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (!(actual instanceof expectedType)) {
    raise(`Expected an instance of ${expectedType.name}, got ${inspect(actual)}`, msg);
  }
}

/** Asserts that `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) {
    raise(`Expected ${inspect(actual)} to contain ${inspect(expected)}`, msg);
  }
}

/** Asserts that `actual` matches the expression. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) raise(`Expected ${inspect(actual)} to match ${expected}`, msg);
}

/** Asserts that `actual` does not match the expression. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) raise(`Expected ${inspect(actual)} not to match ${expected}`, msg);
}

/** Asserts that `actual` contains every element of `expected`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void {
  const has = Array.from(actual, (value) => inspect(value, { depth: 9 }));
  const missing = Array.from(expected).filter((value) =>
    !has.includes(inspect(value, { depth: 9 }))
  );
  if (missing.length > 0) raise(`Missing from the array: ${inspect(missing)}`, msg);
}

/** Asserts that `actual` is greater than `expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) raise(`Expected ${inspect(actual)} > ${inspect(expected)}`, msg);
}

/** Asserts that `actual` is less than or equal to `expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) raise(`Expected ${inspect(actual)} <= ${inspect(expected)}`, msg);
}

/** Asserts that `fn` throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that `fn` throws an error of a class, with a text in its message. */
export function assertThrows<E extends Error>(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(fn: () => unknown, ...rest: unknown[]): unknown {
  try {
    fn();
  } catch (error) {
    return checkThrown(error, rest);
  }
  return raise("Expected function to throw", undefined);
}

/** Asserts that `fn` rejects; returns what it rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that `fn` rejects with an error of a class, with a text in its message. */
export function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  // deno-lint-ignore no-explicit-any
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  ...rest: unknown[]
): Promise<unknown> {
  try {
    await fn();
  } catch (error) {
    return checkThrown(error, rest);
  }
  return raise("Expected function to reject", undefined);
}

/** Fails. */
export function fail(msg?: string): never {
  raise("Failed assertion", msg);
}

/** Fails because this line must not be reached. */
export function unreachable(msg?: string): never {
  raise("Unreachable", msg);
}

function checkThrown(error: unknown, [first, includes, msg]: readonly unknown[]): unknown {
  if (typeof first !== "function") return error;
  // deno-lint-ignore no-explicit-any
  const ErrorClass = first as abstract new (...args: any[]) => Error;
  const text = typeof msg === "string" ? msg : undefined;
  if (!(error instanceof ErrorClass)) {
    raise(`Expected an error of class ${ErrorClass.name}, got ${inspect(error)}`, text);
  }
  if (typeof includes === "string" && !error.message.includes(includes)) {
    raise(
      `Expected the message to contain ${inspect(includes)}, got ${inspect(error.message)}`,
      text,
    );
  }
  return error;
}

/** `@std/assert` compares by shape for records without a prototype of their own: so does this. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
