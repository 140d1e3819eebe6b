/**
 * A thin stand-in for `jsr:@std/net` on the runtime: same names, same signatures,
 * for machines that cannot reach jsr.io.
 *
 * @module
 */
import { isIP } from "node:net";

/** Options of {@linkcode getAvailablePort}. */
export interface GetAvailablePortOptions {
  /** Port to try first. */
  preferredPort?: number;
}

/** Returns a TCP port that was free on loopback a moment ago. */
export function getAvailablePort(options: GetAvailablePortOptions = {}): number {
  const { preferredPort } = options;
  if (preferredPort !== undefined) {
    try {
      return take(preferredPort);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  return take(0);
}

/** Tells whether a text is an IPv4 address. */
export function isIPv4(addr: string): boolean {
  return isIP(addr) === 4;
}

/** Tells whether a text is an IPv6 address. */
export function isIPv6(addr: string): boolean {
  return isIP(addr) === 6;
}

function take(port: number): number {
  using listener = Deno.listen({ port, hostname: "127.0.0.1" });
  return listener.addr.port;
}
