/**
 * Connections that are made before they are needed, and kept for the next request.
 *
 * @module
 */
import {
  connect,
  type Exchanged,
  type HttpConnection,
  isDirect,
  type Place,
} from "./connection.ts";
import type { HttpRequest } from "./request.ts";

/** Connections to any number of places; each serves one request at a time. */
export interface Connections extends Disposable {
  /** Begins to connect where that is possible; failures are told nowhere. */
  prepare(place: Place): void;
  /**
   * Sends a request over a connection that is free, or a new one.
   *
   * @returns The answer; `undefined` if there is no connection, and nothing was sent: ask `fetch`.
   * @throws {Error} If the connection ends before the answer begins, or at the signal: the server may have acted on the request.
   */
  exchange(
    request: HttpRequest,
    options: { readonly place: Place; readonly signal: AbortSignal },
  ): Promise<Exchanged | undefined>;
}

/** A connection that is being made, or is there. */
interface Opening {
  readonly connection: Promise<HttpConnection | undefined>;
  /** Ends it, in whatever step it is. */
  readonly end: () => void;
}

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

  function put({ url: { origin } }: Place, opening: Opening): void {
    if (isDisposed) return opening.end();
    free.set(origin, [...free.get(origin) ?? [], { opening, since: performance.now() }]);
  }

  /** The one that served last. */
  function pop({ url }: Place): Opening | undefined {
    const kept = free.get(url.origin) ?? [];
    const youngest = kept.pop();
    if (youngest === undefined) return undefined;
    if (performance.now() - youngest.since < IDLE_MS) return youngest.opening;
    for (const { opening } of [youngest, ...kept.splice(0)]) opening.end();
    return undefined;
  }

  async function exchange(
    request: HttpRequest,
    { place, signal }: { readonly place: Place; readonly signal: AbortSignal },
  ): Promise<Exchanged | undefined> {
    const opening = pop(place) ?? open(place);
    const connection = await beforeAbort(opening, signal);
    // The server may have ended one that was kept.
    if (connection?.isOpen === false) return await exchange(request, { place, signal });
    if (connection === undefined) return undefined;
    try {
      return await connection.exchange(request, signal);
    } finally {
      if (connection.isOpen) put(place, opening);
    }
  }

  return {
    prepare: (place) => {
      if (isDirect(place) && !isDisposed) put(place, open(place));
    },
    exchange: async (request, options) => {
      return isDirect(options.place) ? await exchange(request, options) : undefined;
    },
    [Symbol.dispose]: () => {
      isDisposed = true;
      for (const { opening } of [...free.values()].flat()) opening.end();
      free.clear();
    },
  };
}

function open(place: Place): Opening {
  const ending = new AbortController();
  const connection = connect(place, ending.signal).catch(() => undefined);
  return {
    connection,
    end: () => {
      ending.abort();
      connection.then((made) => made?.[Symbol.dispose]());
    },
  };
}

function beforeAbort(
  { connection, end }: Opening,
  signal: AbortSignal,
): Promise<HttpConnection | undefined> {
  return new Promise((resolve) => {
    const stop = (): void => {
      end();
      resolve(undefined);
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    connection.then((made) => {
      signal.removeEventListener("abort", stop);
      resolve(made);
    });
  });
}
