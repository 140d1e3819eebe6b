/**
 * Connections that are made before they are needed, and kept for the next request.
 *
 * @module
 */
import {
  connect,
  type Exchanged,
  type HttpConnection,
  type HttpRequest,
  isDirect,
  type Place,
} from "./connection.ts";

/** Connections to any number of places; each serves one request at a time. */
export interface Connections extends Disposable {
  /** Begins to connect where that is possible; failures are told nowhere. */
  prepare(place: Place): void;
  /**
   * Sends a request over a connection that is free, or a new one.
   *
   * @returns The answer; `undefined` if there is no connection, and nothing was sent: ask `fetch`.
   * @throws {Error} If the connection ends before the answer does, or at the signal: the server may have acted on the request.
   */
  exchange(
    request: HttpRequest,
    options: { readonly place: Place; readonly signal: AbortSignal },
  ): Promise<Exchanged | undefined>;
}

type Opening = Promise<HttpConnection | undefined>;

/** A connection that serves nobody. */
interface Free {
  readonly opening: Opening;
  /** Since when, in milliseconds. */
  readonly since: number;
}

/** How long one is kept, in milliseconds: a server ends an idle connection some day, and a request over it is lost. */
const IDLE_MS = 1_000;

/** Makes an empty set of connections. */
export function makeConnections(): Connections {
  /** Those that serve nobody, by their origin. */
  const free = new Map<string, Free[]>();
  let isDisposed = false;

  function put(place: Place, opening: Opening): void {
    const { origin } = place.url;
    free.set(origin, [...free.get(origin) ?? [], { opening, since: performance.now() }]);
  }

  /** The one that served last. */
  function pop({ url }: Place): Opening | undefined {
    const kept = free.get(url.origin) ?? [];
    const youngest = kept.pop();
    if (youngest === undefined) return undefined;
    if (performance.now() - youngest.since < IDLE_MS) return youngest.opening;
    for (const { opening } of [youngest, ...kept.splice(0)]) end(opening);
    return undefined;
  }

  async function take(place: Place, signal: AbortSignal): Promise<HttpConnection | undefined> {
    const opening = pop(place) ?? open(place);
    return await beforeAbort(opening, { signal, otherwise: () => put(place, opening) });
  }

  return {
    prepare: (place) => {
      if (isDirect(place)) put(place, open(place));
    },
    exchange: async (request, { place, signal }) => {
      const connection = isDirect(place) ? await take(place, signal) : undefined;
      if (connection === undefined) return undefined;
      try {
        return await connection.exchange(request, signal);
      } finally {
        if (isDisposed) connection[Symbol.dispose]();
        else if (connection.isOpen) put(place, Promise.resolve(connection));
      }
    },
    [Symbol.dispose]: () => {
      isDisposed = true;
      for (const { opening } of [...free.values()].flat()) end(opening);
      free.clear();
    },
  };
}

function open(place: Place): Opening {
  return connect(place).catch(() => undefined);
}

/** Not waited for: a connection that is not accepted takes minutes to fail. */
function end(opening: Opening): void {
  opening.then((connection) => connection?.[Symbol.dispose]());
}

/** What is late is not lost: `otherwise` keeps it. */
function beforeAbort(
  opening: Opening,
  options: { readonly signal: AbortSignal; readonly otherwise: () => void },
): Opening {
  const { signal, otherwise } = options;
  return new Promise((resolve) => {
    const stop = (): void => {
      otherwise();
      resolve(undefined);
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    opening.then((connection) => {
      signal.removeEventListener("abort", stop);
      resolve(connection);
    });
  });
}
