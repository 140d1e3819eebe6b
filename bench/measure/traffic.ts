/**
 * What a call sends and gets: counted by a proxy, in calls whose time is not taken.
 *
 * @module
 */
import type { Caller } from "../caller.ts";
import type { DelayingProxy } from "../network/delaying_proxy.ts";
import type { Row } from "../report/row.ts";
import type { Bench } from "../scenario.ts";
import { load } from "./load.ts";

/** What one call needs, on average. */
export type Needed = Required<Pick<Row, "trips" | "bytes">>;

/** Which calls are counted. */
export interface CountOptions {
  /** The proxy that the caller's netconf names. */
  readonly proxy: DelayingProxy;
  /** Called one after the other for each container. */
  readonly verbs: readonly string[];
  readonly calls: number;
}

/** Containers of their own. */
const FIRST = 900_000_000;

/**
 * Counts round trips and bytes.
 *
 * @param bench Makes the calls.
 * @param caller What is called; nothing else may use the proxy.
 * @param options What is counted.
 * @returns One for each verb.
 */
export async function countTraffic(
  bench: Bench,
  caller: Caller,
  { proxy, verbs, calls }: CountOptions,
): Promise<readonly Needed[]> {
  const sums = verbs.map(() => ({ requests: 0, bytes: 0 }));
  // The first call of a node also writes which network it is.
  for (let call = -1; call < calls; call++) {
    for (const [index, verb] of verbs.entries()) {
      await proxy.traffic();
      await load(bench, caller, { verb, containers: [FIRST + call * caller.netconfs.length] });
      const { requests, bytes } = await proxy.traffic();
      const sum = sums[index];
      if (sum === undefined || call < 0) continue;
      sum.requests += requests;
      sum.bytes += bytes;
    }
  }
  return sums.map(({ requests, bytes }) => ({
    trips: requests / calls,
    bytes: Math.round(bytes / calls),
  }));
}
