/**
 * SHA-256, in hexadecimal digits.
 *
 * @module
 */
import { hex } from "./der.ts";

/**
 * Hashes bytes, or a text as UTF-8.
 *
 * @param data What is hashed.
 * @returns 64 digits.
 */
export async function sha256(data: Uint8Array | string): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : Uint8Array.from(data);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
