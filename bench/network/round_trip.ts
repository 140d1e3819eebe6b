/**
 * How long a round trip really takes.
 *
 * @module
 */
import { median } from "../measure/stats.ts";

const SAMPLES = 40;

/**
 * Measures the way to etcd and back, by the cheapest thing to ask.
 *
 * @param url The server, or a proxy in front of it.
 * @returns The median, in milliseconds, on a connection that is open already.
 */
export async function roundTripMs(url: string): Promise<number> {
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const startedMs = performance.now();
    await (await fetch(`${url}/version`)).body?.cancel();
    samples.push(performance.now() - startedMs);
  }
  return median(samples) ?? 0;
}
