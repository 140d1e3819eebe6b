/**
 * The CNI error object: its codes, the class that carries one, and its form on stdout.
 *
 * @see https://www.cni.dev/docs/spec/#error
 * @module
 */

/**
 * Every code this plugin answers with. Those below 100 belong to the specification, the others
 * are ours.
 *
 * @see https://www.cni.dev/docs/spec/#error
 * @see https://www.cni.dev/docs/spec/#status-check-plugin-status
 */
export const CODES = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  badEnvironment: 4,
  io: 5,
  decode: 6,
  invalidConfig: 7,
  tryAgain: 11,
  notAvailable: 50,
  notAvailableLimited: 51,
  exhausted: 100,
  taken: 101,
  outside: 102,
  annotation: 103,
  checkFailed: 104,
  datastoreRefused: 105,
  kubernetesRefused: 106,
  provider: 107,
  policy: 108,
  internal: 999,
} as const;

/** One of {@linkcode CODES}. */
export type Code = typeof CODES[keyof typeof CODES];

/** Options of {@linkcode CniError}. */
export interface CniErrorOptions {
  /** The values and the repair, for the operator. Never holds a secret. */
  readonly details?: string;
  /** What led to it, for the log. Never reaches stdout. */
  readonly cause?: unknown;
}

/** An error that the runtime gets to see. */
export class CniError extends Error {
  /** Always "CniError". */
  override readonly name = "CniError";
  /** What the runtime decides by. */
  readonly code: Code;
  /** The values and the repair. */
  readonly details: string | undefined;

  /**
   * Makes an error for the runtime.
   *
   * @param code What the runtime decides by.
   * @param message Short, and the same each time; code 2 names key and value, code 4 the variables.
   * @param options Details for the operator, and the cause for the log.
   */
  constructor(code: Code, message: string, options: CniErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }
}

/**
 * Prints an error for stdout.
 *
 * @param error What went wrong.
 * @param cniVersion The version of the configuration, as it was given; empty means 0.1.0.
 * @returns One JSON object: `cniVersion`, `code`, `msg` and, where there are any, `details`.
 * @see https://www.cni.dev/docs/spec/#error
 *
 * @example A full pool
 * ```ts
 * import { CniError, CODES, formatError } from "./errors.ts";
 *
 * const error = new CniError(CODES.exhausted, "No free address");
 * formatError(error, "1.1.0"); // {"cniVersion":"1.1.0","code":100,"msg":"No free address"}
 * ```
 */
export function formatError(error: CniError, cniVersion: string): string {
  return JSON.stringify({
    cniVersion: cniVersion === "" ? "0.1.0" : cniVersion,
    code: error.code,
    msg: error.message,
    details: error.details,
  });
}

/**
 * Turns whatever was thrown into an error for the runtime.
 *
 * @param error What was caught.
 * @returns A {@linkcode CniError} as it is; all else as code 999, with name and message but
 * without a stack.
 */
export function toCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  return new CniError(CODES.internal, "Internal error", {
    details: describe(error),
    cause: error,
  });
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    // An object without a prototype cannot be turned into text.
    return `Thrown value of type ${typeof error}`;
  }
}
