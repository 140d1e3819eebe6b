/**
 * From the text on stdin to a plain object.
 *
 * @module
 */
import { CniError, CODES } from "../cni/errors.ts";
import { isRecord } from "../cni/values.ts";
import type { Netconf } from "./config.ts";
import { findJsonError } from "./json_error.ts";

const MESSAGE = "Cannot read the network configuration";

/**
 * Reads a netconf.
 *
 * @param text What stood on stdin.
 * @returns The object, its keys not yet looked at.
 * @throws {CniError} Code 6 if the text is empty, is not JSON (`details` names line and column, and
 * what to change), or is not an object.
 *
 * @example A comma is missing
 * ```ts
 * import { assertStringIncludes, assertThrows } from "@std/assert";
 * import { CniError } from "../cni/errors.ts";
 *
 * const error = assertThrows(() => parseNetconf('{"a": 1\n "b": 2}'), CniError);
 * assertStringIncludes(String(error.details), "line 1, column 8");
 * ```
 */
export function parseNetconf(text: string): Netconf {
  if (text.trim() === "") {
    throw new CniError(CODES.decode, MESSAGE, {
      details: "stdin is empty: the runtime passes the configuration as JSON on stdin",
    });
  }
  const value = parse(text);
  if (!isRecord(value)) {
    const kind = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
    throw new CniError(CODES.decode, MESSAGE, {
      details: `the top level is ${kind}: it must be an object, { }`,
    });
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = findJsonError(text);
    const details = found === undefined
      ? "it is not JSON"
      : `line ${found.line}, column ${found.column}: ${found.what}`;
    throw new CniError(CODES.decode, MESSAGE, { details, cause });
  }
}
