/**
 * The order in which endpoints are tried, and the loop that tries them.
 *
 * A random start spreads the load. An endpoint that failed goes last, also for the next process: that
 * is remembered in `runDir/failed/` for some minutes, and only where there is a choice.
 *
 * @module
 */
import { DatastoreError } from "../datastore.ts";
import type { Failure } from "./failure.ts";
import { hashOf, readSmall, removeSmall, writeSmall } from "../small_file.ts";

/** How long a try at one endpoint of several may take, in ms. */
const TRY_MS = 1500;
/** How long a try at the only one may take, in ms: where a burst keeps it busy, nobody else could be asked. */
const ONLY_TRY_MS = 5000;
/** How long a failed endpoint is tried last, in ms. */
const REMEMBER_MS = 300_000;

/** The endpoints of one store. */
export interface Endpoints {
  /** All of them, the most promising first. */
  order(): readonly string[];
  /** How long a try at one of them may take, in ms. */
  readonly tryMs: number;
  /** Remembers that one did not serve. */
  failed(endpoint: string): void;
  /** Remembers that one served. */
  answered(endpoint: string): void;
}

/** What {@linkcode makeEndpoints} needs. */
export interface EndpointsOptions {
  /** Where the failed ones are remembered. */
  readonly runDir: string;
  /** A number of `[0, 1)`. */
  readonly random: () => number;
}

/**
 * Makes the order of endpoints: reads nothing before it is asked, and never when there is only one.
 *
 * @param endpoints The endpoints as configured.
 * @param options Folder and source of randomness.
 * @returns The order.
 */
export function makeEndpoints(
  endpoints: readonly string[],
  options: EndpointsOptions,
): Endpoints {
  const single = endpoints.length < 2;
  const start = single ? 0 : Math.floor(options.random() * endpoints.length);
  const rotated = [...endpoints.slice(start), ...endpoints.slice(0, start)];
  let failed: readonly string[] | undefined;
  const path = (): string => `${options.runDir}/failed/${hashOf([...endpoints].sort())}`;
  const remembered = (): readonly string[] =>
    failed ??= (readSmall(path(), { maxAgeMs: REMEMBER_MS }) ?? "").split("\n")
      .filter((one) => endpoints.includes(one));
  const remember = (next: readonly string[]): void => {
    failed = next;
    if (next.length === 0) removeSmall(path());
    else writeSmall(path(), next.join("\n"));
  };
  return {
    tryMs: single ? ONLY_TRY_MS : TRY_MS,
    order: () => {
      if (single) return endpoints;
      const last = remembered();
      return [...rotated.filter((one) => !last.includes(one)), ...last];
    },
    failed: (endpoint) => {
      if (!single) remember([...remembered().filter((one) => one !== endpoint), endpoint]);
    },
    answered: (endpoint) => {
      if (single || !remembered().includes(endpoint)) return;
      remember(remembered().filter((one) => one !== endpoint));
    },
  };
}

/** One try: an answer, or how it failed. */
export type Tried<T> =
  | { readonly kind: "answer"; readonly value: T }
  | { readonly kind: "failure"; readonly failure: Failure };

/** What {@linkcode tryEndpoints} needs. */
export interface TryOptions {
  readonly endpoints: Endpoints;
  /** Ends the whole call. */
  readonly signal: AbortSignal;
  /** Whether a lost answer may be that of an applied transaction. */
  readonly writes: boolean;
}

/** Thrown where the JSON gateway of an etcd cannot serve, so that gRPC must. */
export class GatewayCannotServe extends DatastoreError {
  /** Whether the transaction may have been applied all the same. */
  readonly lost: boolean;

  /**
   * @param message What was seen.
   * @param options Whether a transaction may have been applied; the repair.
   */
  constructor(message: string, options: { readonly lost: boolean; readonly repair: string }) {
    super("misconfigured", message, { repair: options.repair });
    this.lost = options.lost;
  }
}

/**
 * Asks one endpoint after the other until one answers.
 *
 * A guarded transaction whose answer was lost is sent again as it is: had it been applied, the guards no
 * longer hold, and the conflict shows what it wrote.
 *
 * @param attempt One try.
 * @param options The endpoints and when to stop.
 * @returns The first answer.
 * @throws {DatastoreError} If none answered, or one gave an answer that all others would give too.
 */
export async function tryEndpoints<T>(
  attempt: (endpoint: string) => Promise<Tried<T>>,
  options: TryOptions,
): Promise<T> {
  const { endpoints, signal, writes } = options;
  const failures: { readonly endpoint: string; readonly failure: Failure }[] = [];
  const lost = (): boolean => writes && failures.some(({ failure }) => failure.sent);
  for (const endpoint of endpoints.order()) {
    if (signal.aborted) break;
    const tried = await attempt(endpoint);
    if (tried.kind === "answer") {
      endpoints.answered(endpoint);
      return tried.value;
    }
    const { failure } = tried;
    failures.push({ endpoint, failure });
    if (failure.kind === "gateway") {
      throw new GatewayCannotServe(messageOf(failures), { lost: lost(), repair: failure.repair });
    }
    if ((failure.kind === "refused" || failure.kind === "full") && !lost()) {
      throw errorOf(failure.kind, failures);
    }
    if (!signal.aborted) endpoints.failed(endpoint);
  }
  if (lost()) throw errorOf("ambiguous", failures);
  const hopeless = failures.length > 0 &&
    failures.every(({ failure }) => failure.kind === "misconfigured");
  throw errorOf(hopeless ? "misconfigured" : "unreachable", failures);
}

type Failures = readonly { readonly endpoint: string; readonly failure: Failure }[];

function errorOf(
  kind: "unreachable" | "ambiguous" | "misconfigured" | "refused" | "full",
  failures: Failures,
): DatastoreError {
  const telling = failures.find(({ failure }) => failure.kind === kind) ??
    failures.find(({ failure }) => failure.kind === "misconfigured") ?? failures.at(-1);
  const repair = telling?.failure.repair || "Check that etcd runs and can be reached in time";
  return new DatastoreError(kind, messageOf(failures), { repair, cause: telling?.failure.cause });
}

function messageOf(failures: Failures): string {
  if (failures.length === 0) return "Cannot ask etcd as the time of this call is over";
  const seen = failures.map(({ endpoint, failure }) => `${endpoint}: ${failure.text}`);
  return `Cannot get an answer of etcd: ${seen.join("; ")}`;
}
