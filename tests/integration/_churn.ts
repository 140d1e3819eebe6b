/**
 * Pods that come and go in a small pool, by several callers at once: what each ADD and DEL costs, what piles up, and what is given
 * too early.
 *
 * Callers are those of the library, as a process for each call would spend the time on starting. The clock of the plans runs as
 * fast as it is told, so that a cool-down of 30 s ends within a short test.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { transact } from "../../lib/datastore/transact.ts";
import { planAdd } from "../../lib/ipam/add/allocate.ts";
import type { Random } from "../../lib/ipam/plan.ts";
import { planRelease } from "../../lib/ipam/release.ts";
import type { AddRequest } from "../../lib/ipam/request.ts";
import { expiringBounds } from "../../lib/state/keys.ts";
import { randomBelow } from "../../lib/plugin/random.ts";
import { addRequest, ipsOf, type RequestChanges } from "../support/allocator.ts";
import { Counting } from "../support/counting.ts";
import { addressStates, checkInvariants } from "../support/invariants.ts";
import { setOf } from "../support/sets.ts";

/** The pool of most churns: 253 addresses. */
export const SMALL = { subnet: "10.0.0.0/24", gateway: "10.0.0.1" };
/** How many addresses {@linkcode SMALL} gives. */
export const SMALL_SIZE = 253;

/** What churns. */
export interface ChurnOptions {
  /** Opens the datastore of one caller. */
  readonly open: () => Promise<Datastore>;
  /** Calls under way at once. */
  readonly callers: number;
  /** Pods that live: each caller has its share of them. */
  readonly pods: number;
  readonly cooldownMs: number;
  /** The range; default {@linkcode SMALL}. */
  readonly range?: { readonly subnet: string; readonly gateway: string };
  /** How long, in seconds of the wall. */
  readonly seconds: number;
  /** Milliseconds of the plans' clock for each of the wall. Default 1. */
  readonly speed?: number;
  /** Of so many pods one has an owner that keeps its address for {@linkcode ChurnOptions.retainMs}; default none. */
  readonly ownerEach?: number;
  /** How long, on the plans' clock. */
  readonly retainMs?: number;
  /** What else every ADD asks for. */
  readonly changes?: RequestChanges;
}

/** How often a number of trips was counted. */
export class Trips {
  readonly #counts: number[] = [];

  /** Counts one call. */
  add(trips: number): void {
    this.#counts[trips] = (this.#counts[trips] ?? 0) + 1;
  }

  /** Calls. */
  get calls(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The mean. */
  get mean(): number {
    const all = this.#counts.reduce((sum, count, trips) => sum + count * trips, 0);
    return this.calls === 0 ? 0 : all / this.calls;
  }

  /** So many trips were enough for this share of the calls. */
  quantile(share: number): number {
    let rest = share * this.calls;
    const index = this.#counts.findIndex((count) => (rest -= count ?? 0) <= 0);
    return index < 0 ? this.most : index;
  }

  /** The most trips of one call. */
  get most(): number {
    return Math.max(0, this.#counts.length - 1);
  }

  /** For people. */
  toString(): string {
    const list = this.#counts.map((count, trips) => `${trips}:${count}`).filter(Boolean);
    return `${this.calls} calls, mean ${this.mean.toFixed(2)}, p99 ${this.quantile(0.99)}, ` +
      `most ${this.most} (${list.join(" ")})`;
  }
}

/** What was seen. */
export interface Churned {
  readonly adds: Trips;
  readonly dels: Trips;
  /** How the ADDs ended, by kind. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** The most keys of `expiring/` at a time, as a look every some milliseconds saw. */
  readonly mostExpiring: number;
  /** At the end. */
  readonly expiring: number;
  /** The most DELs of so many milliseconds in a row, on the plans' clock. */
  readonly mostDels: (windowMs: number) => number;
  /** Addresses that were given again before their cool-down was over. */
  readonly early: number;
}

/** DELs that are made at least, however slow the machine is: more than a small pool has room to let cool down. */
const LEAST = 120;
/** How often `expiring/` is looked at, in milliseconds. */
const LOOK_MS = 100;

/** One pod's container: each replacement has another one. */
interface Container {
  readonly request: AddRequest;
  readonly ips: readonly string[];
}

/**
 * Lets pods come and go: each caller deletes one of its pods and adds another, again and again.
 *
 * @param options What churns.
 * @returns What was seen; the invariants hold, and nothing was given twice or before its time.
 */
export async function churn(options: ChurnOptions): Promise<Churned> {
  const { open, callers, pods, seconds, speed = 1, cooldownMs, range = SMALL } = options;
  const epoch = Date.now();
  const clock = (): number => epoch + Math.floor((Date.now() - epoch) * speed);
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  let until = Infinity;
  let full = 0;
  // What fills the pool is not what is looked at.
  const begin = (): void => {
    [adds, outcomes] = [new Trips(), new Map()];
    until = Date.now() + seconds * 1000;
    resolve();
  };
  const isOver = (): boolean => Date.now() >= until && dels.calls >= LEAST;
  const world = new World();
  const dels = new Trips();
  let adds = new Trips();
  let outcomes = new Map<string, number>();
  const set = setOf(range);
  let next = 0;
  const ended: number[] = [];
  let mostExpiring = 0;

  const make = (): AddRequest => {
    const { ownerEach = 0, retainMs = 0, changes = {} } = options;
    const number = next++;
    // An owner comes again now and then, with another pod.
    const slot = number % (pods * 2);
    const owned = ownerEach > 0 && slot % ownerEach === 0;
    return addRequest({
      sets: [set],
      cooldownMs,
      now: clock(),
      random: randomBelow,
      ...(owned ? { owner: { namespace: "shop", name: `web-${slot}` }, retain: retainMs } : {}),
      ...changes,
      asker: {
        containerId: `c${number}`,
        node: `node-${number % 4}`,
        nodeId: `id-${number % 4}`,
        pod: { namespace: "shop", name: `web-${slot}`, uid: `uid-${number}` },
      },
    });
  };

  const start = async (store: Counting): Promise<readonly Container[]> => {
    const request = make();
    store.trips = 0;
    const outcome = await transact(store, planAdd(request), callOptions());
    const kind = outcome.kind;
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    const ips = ipsOf(outcome);
    world.granted(ips, request);
    adds.add(store.trips);
    return kind === "granted" ? [{ request, ips }] : [];
  };

  const end = async (store: Counting, { request, ips }: Container): Promise<void> => {
    const { space, asker, retain } = request;
    const now = clock();
    const keptMs = typeof retain === "number" ? retain : undefined;
    world.released(ips, { request, coolsUntil: now + cooldownMs, keptMs, now });
    store.trips = 0;
    const plan = planRelease({ space, node: asker, names: [asker], cooldownMs, now });
    const [released] = await transact(store, plan, callOptions());
    assertEquals(released?.kind, "released");
    dels.add(store.trips);
    ended.push(now);
  };

  const caller = async (index: number): Promise<void> => {
    await using store = new Counting(await open());
    const own: Container[] = [];
    const share = Math.floor(pods / callers) + (index < pods % callers ? 1 : 0);
    while (own.length < share) own.push(...await start(store));
    if (++full === callers) begin();
    await begun;
    while (!isOver()) {
      if (own.length >= share) await end(store, takeAny(own));
      own.push(...await start(store));
    }
  };

  const look = async (): Promise<void> => {
    await using store = await open();
    while (!isOver()) {
      mostExpiring = Math.max(mostExpiring, await countExpiring(store));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };

  await Promise.all([look(), ...Array.from({ length: callers }, (_, index) => caller(index))]);
  await using store = await open();
  const held = await checkInvariants(store);
  assertEquals(new Set(held.keys()).size, held.size);
  const expiring = await countExpiring(store);
  const states = Object.values(await addressStates(store));
  assert(states.filter((state) => state === "cooling").length <= expiring);
  return {
    adds,
    dels,
    outcomes,
    mostExpiring: Math.max(mostExpiring, expiring),
    expiring,
    mostDels: (windowMs) => mostWithin(ended, windowMs),
    early: world.early,
  };
}

/** Says a churn in one line. */
export function describe(name: string, churned: Churned): string {
  const { adds, dels, outcomes, mostExpiring, expiring, early } = churned;
  const kinds = [...outcomes].map(([kind, count]) => `${count} ${kind}`).join(", ");
  return `${name}: ${kinds}; ADD ${adds}; DEL ${dels}; ` +
    `expiring at most ${mostExpiring}, at the end ${expiring}; given early ${early}`;
}

/** Who holds what, as the callers know it: an address that is given twice, or before its time, fails the test. */
class World {
  readonly #held = new Map<string, string>();
  readonly #kept = new Map<string, { readonly owner: string; readonly until: number }>();
  readonly #cooling = new Map<string, number>();
  early = 0;

  granted(
    ips: readonly string[],
    { asker: { containerId }, owner, now }: Pick<AddRequest, "asker" | "owner" | "now">,
  ): void {
    for (const ip of ips) {
      const holder = this.#held.get(ip);
      assertEquals(holder, undefined, `${ip} was given to ${containerId} and is held by ${holder}`);
      this.#held.set(ip, containerId);
      const kept = this.#kept.get(ip);
      if (kept !== undefined && kept.owner !== owner?.name) {
        assert(
          kept.until <= now,
          `${ip} is kept for ${kept.owner} for ${kept.until - now} ms more`,
        );
      }
      this.#kept.delete(ip);
      if ((this.#cooling.get(ip) ?? 0) > now) this.early++;
      this.#cooling.delete(ip);
    }
  }

  /** Told before DEL is sent: from then on somebody else may get it. */
  released(
    ips: readonly string[],
    { request, coolsUntil, keptMs, now }: {
      readonly request: AddRequest;
      readonly coolsUntil: number;
      readonly keptMs: number | undefined;
      readonly now: number;
    },
  ): void {
    const { owner } = request;
    for (const ip of ips) {
      this.#held.delete(ip);
      if (owner !== undefined && keptMs !== undefined) {
        this.#kept.set(ip, { owner: owner.name, until: now + keptMs });
      } else {
        this.#cooling.set(ip, coolsUntil);
      }
    }
  }
}

function callOptions(): { readonly signal: AbortSignal; readonly random: Random } {
  return { signal: AbortSignal.timeout(30_000), random: randomBelow };
}

/** Any of them: the oldest would come in the order of the cool-down. */
function takeAny(own: Container[]): Container {
  const [one] = own.splice(Number(randomBelow(BigInt(own.length))), 1);
  assert(one !== undefined);
  return one;
}

/** Keys of `expiring/`, of IPv4. */
export async function countExpiring(store: Datastore): Promise<number> {
  const [seen] = await store.read([{ kind: "count", ...expiringBounds("default", 4) }], {
    signal: AbortSignal.timeout(10_000),
  });
  assert(seen?.kind === "count");
  return seen.count;
}

/** The most moments that lie in one window; some are written down late. */
function mostWithin(moments: readonly number[], windowMs: number): number {
  const sorted = [...moments].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, moment] of sorted.entries()) {
    while ((sorted[first] ?? moment) <= moment - windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
