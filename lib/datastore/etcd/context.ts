/**
 * What both transports of one etcd store share: endpoints, tokens, certificate files.
 *
 * @module
 */
import type { EtcdConfig } from "../../config/config.ts";
import { makeTokens, type Session, type Tokens } from "./auth.ts";
import { type Endpoints, makeEndpoints } from "./endpoints.ts";
import { readTls, type TlsTexts } from "./tls.ts";

/** Folders and chance of an etcd store. */
export interface EtcdOptions {
  /** Where tokens and the transport are kept. */
  readonly dataDir: string;
  /** Where failed endpoints are remembered until the next boot. */
  readonly runDir: string;
  /** A number of `[0, 1)`. */
  readonly random: () => number;
  /** Whether it connects before the first call, and how. Default not. */
  readonly ahead?: Ahead;
}

/**
 * How to connect before the first call:
 *
 * - `connect`: where a connection can be made without a request
 * - `ask`: else by a request that asks for nothing of use: worth it where something else is waited for
 */
export type Ahead = "connect" | "ask";

/** What the transports share. */
export interface EtcdContext {
  readonly config: EtcdConfig;
  readonly endpoints: Endpoints;
  readonly tokens: Tokens;
  /** Reads the certificate files, once. */
  readonly tls: () => Promise<TlsTexts>;
  /** How to connect before the first call; undefined for not. */
  readonly ahead: Ahead | undefined;
}

/**
 * Makes what both transports share; reads no file before it is needed.
 *
 * @param config The configuration of etcd.
 * @param options Folders and chance.
 * @returns The context.
 */
export function makeContext(config: EtcdConfig, options: EtcdOptions): EtcdContext {
  let texts: Promise<TlsTexts> | undefined;
  return {
    config,
    endpoints: makeEndpoints(config.endpoints, options),
    tokens: makeTokens(config, options),
    tls: () => texts ??= readTls(config),
    ahead: options.ahead,
  };
}

/**
 * Begins the session of one call.
 *
 * @param signal The signal of the call.
 * @returns The session.
 */
export function beginSession(signal: AbortSignal): Session {
  return { signal, renewed: false, shared: false };
}
