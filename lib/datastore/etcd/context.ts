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
  /** Whether it connects before the first call. Default no. */
  readonly isUrgent?: boolean;
}

/** What the transports share. */
export interface EtcdContext {
  readonly config: EtcdConfig;
  readonly endpoints: Endpoints;
  readonly tokens: Tokens;
  /** Reads the certificate files, once. */
  readonly tls: () => Promise<TlsTexts>;
  /** Whether it connects before the first call. */
  readonly isUrgent: boolean;
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
    isUrgent: options.isUrgent === true,
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
