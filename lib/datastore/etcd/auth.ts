/**
 * The token that etcd gives for a user and a password.
 *
 * Each authentication costs the server a bcrypt, so the token is shared by all processes of the node:
 * `dataDir/tokens/<hash>`. It is asked for only when it is absent or refused, once per call, after a
 * short random pause: the calls that wait meanwhile find the token of the first.
 *
 * @module
 */
import { nameOfUnreadable, readRegular } from "../../file/regular.ts";
import type { EtcdConfig } from "../../config/config.ts";
import { DatastoreError } from "../datastore.ts";
import type { Tried } from "./endpoints.ts";
import type { Failure } from "./failure.ts";
import { pause } from "./time.ts";
import { hashOf, readSmall, writeSmall } from "../small_file.ts";

/** The longest pause before authenticating, in ms: about two bcrypts of etcd. */
const JITTER_MS = 100;

/** Asks an endpoint for a token; `""` where etcd runs without authentication. */
export type Login = (user: Credentials) => Promise<Tried<string>>;

/** What may stand in a header; none of etcd is longer. */
const TOKEN = /^[!-~]{1,8192}$/;

/**
 * Tells whether a text may be a token. What cannot be sent must not be kept either: no call would ask for another.
 *
 * @param text What a server or a file says.
 * @returns Whether it can be sent.
 */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** A user of etcd. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** What one call knows of its authentication. */
export interface Session {
  readonly signal: AbortSignal;
  /** Whether this call has authenticated: it does so at most once. */
  renewed: boolean;
  /** Whether this call has taken the token of another: it does so at most once. */
  shared: boolean;
}

/** The token of one store. */
export interface Tokens {
  /** The token to send: `undefined` where no user is configured, `""` where etcd asks for none. */
  current(session: Session, login: Login): Promise<Tried<string | undefined>>;
  /** Another one than `stale`, which was refused. */
  renew(stale: string, options: { readonly session: Session; readonly login: Login }): Promise<
    Tried<string>
  >;
}

/** What {@linkcode makeTokens} needs. */
export interface TokensOptions {
  /** Where tokens are kept. */
  readonly dataDir: string;
  /** A number of `[0, 1)`. */
  readonly random: () => number;
}

/**
 * Makes the token cache of a store: reads nothing before it is asked.
 *
 * @param config The configuration of etcd.
 * @param options Folder and source of randomness.
 * @returns The cache.
 */
export function makeTokens(config: EtcdConfig, options: TokensOptions): Tokens {
  const name = config.username ?? "";
  let held: string | undefined;
  const path = (): string =>
    `${options.dataDir}/tokens/${hashOf([...[...config.endpoints].sort(), name])}`;

  /** Where etcd asked for none, an empty one is kept. */
  const kept = (): string | undefined => {
    const text = readSmall(path());
    return text === undefined || text === "" || isToken(text) ? text : undefined;
  };

  async function renewed(
    stale: string | undefined,
    { session, login }: { readonly session: Session; readonly login: Login },
  ): Promise<Tried<string>> {
    const file = path();
    await pause(options.random() * JITTER_MS, session.signal);
    const shared = held !== stale ? held : kept();
    if (!session.shared && shared !== undefined && shared !== stale) {
      session.shared = true;
      held = shared;
      return { kind: "answer", value: shared };
    }
    session.renewed = true;
    const tried = await login({ name, password: passwordOf(config) });
    const off = tried.kind === "failure" && tried.failure.kind === "authOff";
    if (tried.kind === "failure" && !off) return tried;
    held = tried.kind === "answer" ? tried.value : "";
    writeSmall(file, held);
    return { kind: "answer", value: held };
  }

  return {
    current: async (session, login) => {
      if (name === "") return { kind: "answer", value: undefined };
      held ??= kept();
      return held === undefined
        ? await renewed(undefined, { session, login })
        : { kind: "answer", value: held };
    },
    renew: renewed,
  };
}

/** What {@linkcode withToken} needs. */
export interface WithTokenOptions {
  readonly tokens: Tokens;
  readonly session: Session;
  readonly login: Login;
}

/**
 * Sends a request with a token, and once more with a new one where the token was refused.
 *
 * @param send Sends the request; gets `undefined` or `""` where no token is to be sent.
 * @param options The tokens and how to get one.
 * @returns The answer, or why there is none.
 */
export async function withToken<T>(
  send: (token: string | undefined) => Promise<Tried<T>>,
  options: WithTokenOptions,
): Promise<Tried<T>> {
  const { tokens, session, login } = options;
  let token = await tokens.current(session, login);
  while (token.kind === "answer") {
    const tried = await send(token.value);
    if (tried.kind === "answer" || tried.failure.kind !== "token") return tried;
    if (token.value === undefined) return failed(tried.failure, "refused");
    // A member that lags does not know the newest token yet: waiting heals that.
    if (session.renewed) return failed(tried.failure, "unreachable");
    token = await tokens.renew(token.value, { session, login });
  }
  return token;
}

function failed<T>(failure: Failure, kind: Failure["kind"]): Tried<T> {
  return { kind: "failure", failure: { ...failure, kind } };
}

/** The password is read only to authenticate: a warm token needs none. */
function passwordOf(config: EtcdConfig): string {
  const { password, passwordFile } = config;
  if (password !== undefined) return password;
  if (passwordFile === undefined) {
    throw new DatastoreError("misconfigured", "Cannot authenticate to etcd as no password is set", {
      repair: "Set etcdPasswordFile or etcdPassword",
    });
  }
  try {
    return readRegular(passwordFile).replace(/\r?\n$/, "");
  } catch (cause) {
    const seen = nameOfUnreadable(cause);
    throw new DatastoreError(
      "misconfigured",
      `Cannot read the password file "${passwordFile}": current error is ${seen}`,
      { repair: "Correct etcdPasswordFile, or make the file readable for this program", cause },
    );
  }
}
