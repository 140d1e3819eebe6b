/**
 * The error of certificate files that cannot be used.
 *
 * @module
 */

/** Thrown when a certificate, a key or the file of one cannot be used: only a human heals it. */
export class TlsError extends Error {
  /** Always `TlsError`. */
  override readonly name = "TlsError";
  /** What an operator can do about it. Never holds a secret. */
  readonly repair: string;

  /**
   * Makes the error.
   *
   * @param message What cannot be used, and why, without secrets.
   * @param options `repair` for the operator; `cause` for the log.
   */
  constructor(
    message: string,
    options: { readonly repair: string; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.repair = options.repair;
  }
}
