/**
 * How a person reads what went wrong: one line on stderr.
 *
 * @module
 */
import { failure } from "../plugin/failures.ts";
import type { Io } from "../plugin/io.ts";

/**
 * Tells an error.
 *
 * @param io The process.
 * @param error What was thrown.
 * @param subject What it is about, if the error does not say so: an address.
 */
export function tellError(io: Pick<Io, "stderr">, error: unknown, subject?: string): void {
  const { message, details } = failure(error);
  const parts = [message, subject, details].filter((part) => part !== undefined);
  tell(io, parts.join(": "));
}

/**
 * Writes a line to stderr.
 *
 * @param io The process.
 * @param text The line.
 */
export function tell({ stderr }: Pick<Io, "stderr">, text: string): void {
  stderr(`kube-ipam: ${text}\n`);
}
