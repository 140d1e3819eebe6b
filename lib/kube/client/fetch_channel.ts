/**
 * Asking over a connection of our own where the API is named by its address, else by `fetch`.
 *
 * @module
 */
import { makeConnections } from "../../http/connections.ts";
import { readBody } from "../../tls/body.ts";
import type { Channel } from "./client.ts";

/** What `fetch` needs beside the URL. */
export interface FetchChannelOptions {
  /** PEM texts. */
  readonly ca: string | undefined;
  /** PEM texts of a pair that was checked. */
  readonly pair: { readonly cert: string; readonly key: string } | undefined;
  /** A proxy on the way; undefined for those that the environment names. */
  readonly proxy: {
    readonly url: string;
    readonly basicAuth: { readonly username: string; readonly password: string } | undefined;
  } | undefined;
}

/**
 * Makes a channel; connects with the first question.
 *
 * @param options Certificates and proxy.
 * @returns The channel; dispose of it.
 * @throws {Error} If TLS does not take the certificates.
 */
export function fetchChannel(options: FetchChannelOptions): Channel {
  const { ca, pair, proxy } = options;
  // HTTP/2 where the server has it, as every API server does: with HTTP/1.1 the first request waits 40 ms,
  // as Deno sets no TCP_NODELAY and the server says nothing before it has heard the question.
  const client = Deno.createHttpClient({
    ...(ca === undefined ? {} : { caCerts: [ca] }),
    ...pair,
    ...(proxy === undefined ? {} : {
      proxy: {
        url: proxy.url,
        ...(proxy.basicAuth === undefined ? {} : { basicAuth: { ...proxy.basicAuth } }),
      },
    }),
  });
  const connections = makeConnections();
  const isPlain = pair === undefined && proxy === undefined;
  return {
    get: async (url, { headers, signal }) => {
      const place = { url: new URL(url), ca };
      const path = place.url.pathname + place.url.search;
      const answer = isPlain
        ? await connections.exchange({ method: "GET", path, headers }, { place, signal })
        : undefined;
      if (answer !== undefined) return answer;
      signal.throwIfAborted();
      // A redirect is none of the API's, and would carry the token elsewhere.
      const response = await fetch(url, { headers, signal, client, redirect: "manual" });
      return {
        status: response.status,
        headers: response.headers,
        text: await readBody(response),
      };
    },
    [Symbol.dispose]: () => {
      connections[Symbol.dispose]();
      client.close();
    },
  };
}
