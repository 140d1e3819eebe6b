/**
 * What every verb is given, and what it gives back.
 *
 * @module
 */
import type { Invocation } from "../cni/environment.ts";
import type { Config, Netconf } from "../config/config.ts";
import type { Datastore } from "../datastore/datastore.ts";
import { openDatastore } from "../datastore/open.ts";
import { type Judge, transact } from "../datastore/transact.ts";
import type { KubeApi } from "../kube/api.ts";
import type { Pod } from "../kube/pod.ts";
import type { Plan } from "../ipam/plan.ts";
import type { Io } from "./io.ts";
import { randomFraction } from "./random.ts";

/** One call of the plugin, its configuration read. */
export interface Call<I extends Invocation = Invocation> {
  readonly invocation: I;
  readonly netconf: Netconf;
  readonly config: Config;
  /** Whether a Kubernetes runtime calls: then the datastore must be named and annotations count. */
  readonly kubernetes: boolean;
  /** The deadline. */
  readonly signal: AbortSignal;
  /** The deadline again, in milliseconds, for what cannot be ended by a signal. */
  readonly timeoutMs: number;
  /** The longest try at one endpoint of several, in milliseconds. */
  readonly tryMs?: number;
  readonly io: Io;
  /** What was begun while the configuration was read. */
  readonly begun?: Begun;
}

/** Work that goes on while the configuration is read. */
export interface Begun {
  /** The datastore, where opening it leaves no trace. */
  readonly store?: Promise<Datastore>;
  /** The Kubernetes API; that of `undefined` where no pod is to be read. */
  readonly api?: Promise<KubeApi | undefined>;
  /** The pod of an ADD; that of `undefined` where none is to be read. */
  readonly pod?: Promise<Pod | undefined>;
}

/** An ADD. */
export type AddCall = Call<Extract<Invocation, { command: "ADD" | "CHECK" }>>;

/** A DEL. */
export type DelCall = Call<Extract<Invocation, { command: "DEL" }>>;

/** What a verb did: its output, and what the log line tells of it. */
export interface Done {
  /** What stdout is given; empty for the verbs that print nothing. */
  readonly stdout: string;
  readonly log: Readonly<Record<string, unknown>>;
  readonly warnings?: readonly string[];
  /** Whether the datastore answered. Default yes. */
  readonly hasReached?: boolean;
}

/** Opens the datastore of a call. */
export function open({ config, timeoutMs, begun }: Call): Promise<Datastore> {
  return begun?.store ?? openDatastore(config, { random: randomFraction, timeoutMs });
}

/** Runs a plan against the datastore of a call, within its deadline. */
export function run<T>(
  store: Datastore,
  plan: Plan<T>,
  call: Call & { readonly judge?: Judge | undefined },
): Promise<T> {
  const { signal, tryMs, judge, io: { random } } = call;
  return transact(store, plan, { signal, tryMs, judge, random });
}
