/**
 * An HTTP proxy in front of the Kubernetes API of a test: it counts requests, and fails where it is told to.
 *
 * @module
 */

/**
 * What the proxy does with a request:
 *
 * - `pass`: hands it on, with the credentials that it came with
 * - `hang`: never answers
 * - a status: answers so, as an API does; 404 as another web server does, whose answer proves nothing
 */
export type KubeProxyMode = "pass" | "hang" | 401 | 403 | 404 | 429 | 500 | 503;

/** One request that was met. */
export interface MetRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
}

/** A running proxy. */
export interface KubeProxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`: good as the server of a kubeconfig. */
  readonly url: string;
  /** The requests so far, in order. */
  readonly requests: readonly MetRequest[];
  /** What it does with the next request. */
  mode: KubeProxyMode;
  /** How long each answer is held back, in ms. */
  delayMs: number;
  /** What an answer 429 or 503 says; undefined: nothing. */
  retryAfterSeconds: number | undefined;
  /** How many requests there were of this method, below this path. */
  count(method?: string, path?: string): number;
  /** Does something else with requests of this path. */
  failBelow(path: string, mode: KubeProxyMode): void;
  /** Forgets the requests. */
  reset(): void;
}

const REASONS: Readonly<Record<401 | 403 | 429 | 500 | 503, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
};

/**
 * Starts a proxy on a free loopback port.
 *
 * @param target The API behind it.
 * @param mode What it does at first. Default `pass`.
 * @returns The proxy; dispose of it.
 */
export function startKubeProxy(
  target: { readonly url: string; readonly caPem: string },
  mode: KubeProxyMode = "pass",
): KubeProxy {
  const client = Deno.createHttpClient({ caCerts: [target.caPem] });
  const ending = new AbortController();
  const requests: MetRequest[] = [];
  let other: { readonly path: string; readonly mode: KubeProxyMode } = { path: "\0", mode: "pass" };

  async function answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    requests.push({ method: request.method, path: pathname + search });
    const body = await request.bytes();
    if (proxy.delayMs > 0) await wait(proxy.delayMs, ending.signal);
    const mode = pathname.startsWith(other.path) ? other.mode : proxy.mode;
    if (mode === "hang") await wait(undefined, ending.signal);
    if (mode === 404) return notFoundByOthers();
    if (mode !== "pass" && mode !== "hang") return statusOf(mode, proxy.retryAfterSeconds);
    const headers = new Headers(request.headers);
    headers.delete("host");
    const passed = await fetch(`${target.url}${pathname}${search}`, {
      method: request.method,
      headers,
      body: body.length === 0 ? null : body,
      redirect: "manual",
      signal: ending.signal,
      client,
    });
    const contentType = passed.headers.get("content-type") ?? "application/json";
    return new Response(await passed.bytes(), {
      status: passed.status,
      headers: { "content-type": contentType },
    });
  }

  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: () => new Response("the proxy cannot reach the API", { status: 502 }),
  }, answer);
  const proxy: KubeProxy = {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    mode,
    delayMs: 0,
    retryAfterSeconds: undefined,
    count: (method, path = "/") =>
      requests.filter((one) =>
        (method === undefined || one.method === method) && one.path.startsWith(path)
      ).length,
    failBelow: (path, mode) => {
      other = { path, mode };
    },
    reset: () => void requests.splice(0),
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await server.shutdown();
      client.close();
    },
  };
  return proxy;
}

/** Waits this long, or until the proxy ends. */
function wait(ms: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

function statusOf(code: keyof typeof REASONS, retryAfterSeconds: number | undefined): Response {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  const body = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `the proxy of the test answers ${code}`,
    reason: REASONS[code],
    details: retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
    code,
  };
  return new Response(JSON.stringify(body), { status: code, headers });
}

function notFoundByOthers(): Response {
  const body = "<html><body><h1>404 Not Found</h1></body></html>\n";
  return new Response(body, { status: 404, headers: { "content-type": "text/html" } });
}
