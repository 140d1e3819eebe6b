/**
 * A network between a plugin and etcd: a proxy that holds back every byte of both directions for an exact time, and counts.
 *
 * It runs in a thread of its own, so that neither the harness nor the measured processes' start waits for it.
 *
 * @module
 */

/** What went through since it was last asked. */
export interface Traffic {
  readonly connections: number;
  /** HTTP requests: each is one round trip. */
  readonly requests: number;
  /** Both ways, HTTP heads included. */
  readonly bytes: number;
}

/** Sent to the thread. */
export type ProxyOrder =
  | { readonly kind: "open"; readonly targets: readonly string[]; readonly delayMs: number }
  | { readonly kind: "traffic" };

/** Sent by the thread. */
export type ProxyAnswer = { readonly ports: readonly number[] } | Traffic;

/** Proxies, one for each server behind them. */
export interface DelayingProxy extends AsyncDisposable {
  /** Their URLs, in the order of the servers. */
  readonly urls: readonly string[];
  /** What went through since this was last asked. */
  traffic(): Promise<Traffic>;
}

/**
 * Starts proxies on free loopback ports.
 *
 * @param targets The URLs of the servers behind them.
 * @param delayMs How long each byte is held back, each way.
 * @returns The proxies; dispose of them.
 */
export async function startDelayingProxy(
  targets: readonly string[],
  delayMs: number,
): Promise<DelayingProxy> {
  const worker = new Worker(new URL("./delaying_proxy_worker.ts", import.meta.url), {
    type: "module",
  });
  const ask = (order: ProxyOrder): Promise<ProxyAnswer> =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<ProxyAnswer>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`Cannot delay: ${event.message}`));
      };
      worker.postMessage(order);
    });
  const opened = await ask({ kind: "open", targets, delayMs });
  const ports = "ports" in opened ? opened.ports : [];
  return {
    urls: targets.map((target, index) => `${new URL(target).protocol}//127.0.0.1:${ports[index]}`),
    traffic: async () => {
      const answer = await ask({ kind: "traffic" });
      if ("ports" in answer) throw new Error("Cannot read the traffic: the answer is of another");
      return answer;
    },
    [Symbol.asyncDispose]: () => {
      worker.terminate();
      return Promise.resolve();
    },
  };
}
