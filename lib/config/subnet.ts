/**
 * Subnets that no pod network can be.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6890}
 * @module
 */
import { overlaps, type Prefix } from "../net/prefix.ts";

// The largest blocks that one owner can have: 10.0.0.0/8, and what a registry gives to a provider.
const SHORTEST = { 4: 8, 6: 32 } as const;

const RESERVED: readonly (Prefix & { readonly what: string })[] = [
  { family: 4, network: 0n, length: 8, what: "is 0.0.0.0/8, which means this host" },
  { family: 4, network: 0x7f000000n, length: 8, what: "is loopback" },
  { family: 4, network: 0xe0000000n, length: 4, what: "is multicast" },
  { family: 6, network: 0n, length: 96, what: "is unspecified, loopback or IPv4-compatible" },
  { family: 6, network: 0xffn << 120n, length: 8, what: "is multicast" },
];

/** Why a subnet is refused. */
export interface RefusedSubnet {
  /** What is wrong. */
  readonly what: string;
  /** What to write instead. */
  readonly repair: string;
}

/**
 * Tells why a subnet cannot be one of pods.
 *
 * @param subnet The subnet.
 * @returns What is wrong and the repair; `undefined` when nothing is.
 */
export function refusedSubnet(subnet: Prefix): RefusedSubnet | undefined {
  const shortest = SHORTEST[subnet.family];
  if (subnet.length < shortest) {
    return {
      what: "is larger than any network that one owner can have",
      repair: `Write a prefix length of ${shortest} or more`,
    };
  }
  const found = RESERVED.find((reserved) =>
    reserved.family === subnet.family && overlaps(reserved, subnet)
  );
  if (found === undefined) return undefined;
  return { what: found.what, repair: "Write a private or public unicast prefix" };
}
