/**
 * Groups of calls at once, in whatever interleaving the scheduler finds: owners, wishes, pools, take-over, expiry, GC and release by
 * hand. After each group the invariants hold, and every grant that nobody took back is in force.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../lib/datastore/memory.ts";
import { planFree } from "../../lib/ipam/free.ts";
import { planRelease } from "../../lib/ipam/release.ts";
import type { AddRequest } from "../../lib/ipam/request.ts";
import { parseAddr } from "../../lib/net/addr.ts";
import { add, addRequest, ipsOf, runPlan, seeded } from "../support/allocator.ts";
import { checkInvariants } from "../support/invariants.ts";
import { runs } from "../support/runs.ts";
import { scheduled } from "../support/scheduled.ts";
import { setOf, wishFor } from "../support/sets.ts";

const V4 = setOf({ subnet: "10.0.0.0/27", random: "10.0.0.1-10.0.0.5" });
const V6 = setOf({ subnet: "fd00::/124", random: "fd00::1-fd00::3" });
const FOUR = ["10.0.0.20", "10.0.0.21", "10.0.0.2"];
const SIX = ["fd00::9", "fd00::a"];
const FREED = [...FOUR, ...SIX, "10.0.0.1", "10.0.0.3", "fd00::1"];
const RULES = ["none", "forever", 3_000, 20_000] as const;
const OWNERS = [undefined, "web-0", "db"] as const;
const ALLOCATIONS = ["random", "lowest", "sequential", "owner-hash"] as const;
const INTERFACES = ["eth0", "net1"];

interface AddCommand {
  readonly kind: "add";
  readonly uid: number;
  readonly container: number;
  readonly four: number;
  readonly six: number;
  readonly isDual: boolean;
  readonly owner: number;
  readonly rule: number;
  readonly isPooled: boolean;
  readonly ifName: number;
  readonly seed: number;
}

type Command =
  | AddCommand
  | { readonly kind: "del"; readonly picks: readonly number[] }
  | { readonly kind: "end"; readonly uid: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "free"; readonly ip: number; readonly force: boolean };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      uid: fc.nat(7),
      container: fc.nat(2),
      four: fc.nat(5),
      six: fc.nat(4),
      isDual: fc.boolean(),
      owner: fc.nat(OWNERS.length - 1),
      rule: fc.nat(RULES.length - 1),
      isPooled: fc.boolean(),
      ifName: fc.nat(1),
      seed: fc.nat(1_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("del" as const),
      picks: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("end" as const), uid: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(8_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("free" as const),
      ip: fc.nat(FREED.length - 1),
      force: fc.boolean(),
    }),
  },
);

/** What is known of the calls so far. */
class World {
  readonly memory = new MemoryDatastore();
  readonly ended = new Set<string>();
  readonly made: AddRequest[] = [];
  /** By attachment: the addresses that it was granted, and that nobody took back. */
  readonly granted = new Map<string, readonly string[]>();
  now = 1_000_000;

  /** Begins a group of calls; returns those that run at once. */
  begin(group: readonly Command[], scheduler: fc.Scheduler): readonly Promise<unknown>[] {
    this.now += 1;
    const store = scheduled(this.memory, scheduler);
    for (const one of group) {
      if (one.kind === "wait") this.now += one.ms;
      if (one.kind === "end") this.#end(`u${one.uid}`);
    }
    const busy = new Set<string>();
    return group.flatMap((one) => {
      if (one.kind === "add") return this.#add(store, { command: one, busy });
      if (one.kind === "del") return this.#del(store, { picks: one.picks, busy });
      return one.kind === "free" ? [this.#free(store, one)] : [];
    });
  }

  #end(uid: string): void {
    this.ended.add(uid);
    for (const { asker } of this.made) {
      if (asker.pod?.uid === uid) this.granted.delete(nameOf(asker));
    }
  }

  #add(
    store: Datastore,
    { command, busy }: { readonly command: AddCommand; readonly busy: Set<string> },
  ): readonly Promise<unknown>[] {
    const request = requestOf(command, this.now);
    const slot = slotOf(request.asker);
    // A runtime makes one call after the other for an interface of a pod, and none for a pod that has ended.
    if (this.ended.has(request.asker.pod?.uid ?? "") || busy.has(slot)) return [];
    busy.add(slot);
    this.made.push(request);
    return [this.#added(store, request)];
  }

  async #added(store: Datastore, request: AddRequest): Promise<void> {
    const outcome = await add(store, request, ({ pod }) =>
      Promise.resolve(
        this.ended.has(pod?.uid ?? "")
          ? { kind: "gone", reason: "ended" }
          : { kind: "present", advice: "wait" },
      ));
    if (outcome.kind !== "granted" && outcome.kind !== "held") return;
    const ips = ipsOf(outcome);
    if (outcome.kind === "granted") {
      assertEquals(new Set(ips).size, request.sets.length, "one address for each set");
      for (const { text } of request.wishes) assert(ips.includes(text), `I4: ${text}`);
    }
    for (const { asker } of this.made) {
      if (slotOf(asker) === slotOf(request.asker)) this.granted.delete(nameOf(asker));
    }
    this.granted.set(nameOf(request.asker), ips);
  }

  #del(
    store: Datastore,
    { picks, busy }: { readonly picks: readonly number[]; readonly busy: Set<string> },
  ): readonly Promise<unknown>[] {
    const askers = new Map(
      picks.flatMap((pick) => this.made[pick % (this.made.length || 1)]?.asker ?? [])
        .filter((asker) => !busy.has(slotOf(asker)))
        .map((asker) => [nameOf(asker), asker] as const),
    );
    for (const [name, asker] of askers) {
      busy.add(slotOf(asker));
      this.granted.delete(name);
    }
    const byNode = Map.groupBy(askers.values(), ({ nodeId }) => nodeId);
    return [...byNode.values()].flatMap((names) => {
      const [node] = names;
      if (node === undefined) return [];
      const request = { space: "default", node, names, cooldownMs: 2_000, now: this.now };
      return [runPlan(store, planRelease(request))];
    });
  }

  async #free(
    store: Datastore,
    { ip, force }: { readonly ip: number; readonly force: boolean },
  ): Promise<void> {
    const text = FREED[ip] ?? "";
    const addr = parseAddr(text);
    const freed = await runPlan(store, planFree({ space: "default", addr, now: this.now, force }));
    if (freed.kind !== "freed" || !force) return;
    for (const [name, ips] of this.granted) {
      if ([text, ...freed.others].some((one) => ips.includes(one))) this.granted.delete(name);
    }
  }
}

function requestOf(command: AddCommand, now: number): AddRequest {
  const { uid, container, four, six, isDual, isPooled, seed } = command;
  const owner = OWNERS[command.owner];
  const first = parseAddr("10.0.0.20").value;
  const pool = { set: 0, members: [[{ first, last: first + 2n }]], text: "pool", path: "pool" };
  const [wished, wishedSix] = [FOUR[four], isDual ? SIX[six] : undefined];
  return addRequest({
    sets: isDual ? [V4, V6] : [V4],
    wishes: [
      ...(wished === undefined ? [] : [wishFor(wished)]),
      ...(wishedSix === undefined ? [] : [wishFor(wishedSix, 1)]),
    ],
    pools: isPooled && wished === undefined ? [pool] : [],
    owner: owner === undefined ? undefined : { namespace: "ns", name: owner },
    retain: RULES[command.rule],
    allocation: ALLOCATIONS[seed % ALLOCATIONS.length] ?? "random",
    workload: `p${uid % 4}`,
    cooldownMs: seed % 3 === 0 ? 0 : 2_000,
    now,
    random: seeded(seed),
    asker: {
      node: `node-${uid % 2}`,
      nodeId: `id-${uid % 2}`,
      containerId: `u${uid}-${container}`,
      ifName: INTERFACES[command.ifName] ?? "",
      authorities: ["api"],
      pod: { namespace: "ns", name: `p${uid % 4}`, uid: `u${uid}` },
    },
  });
}

function nameOf({ network, containerId, ifName }: AddRequest["asker"]): string {
  return `/kube-ipam/v1/default/attachments/${network}/${containerId}/${ifName}`;
}

/** What a runtime makes one call after the other for. */
function slotOf({ network, pod, ifName }: AddRequest["asker"]): string {
  return `${network}/${pod?.uid}/${ifName}`;
}

Deno.test("whatever happens at once, no address is held twice and no grant is lost", async () => {
  const groups = fc.array(fc.array(command, { minLength: 1, maxLength: 5 }), { maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), groups, async (scheduler, groups) => {
      const world = new World();
      for (const group of groups) {
        await scheduler.waitFor(Promise.all(world.begin(group, scheduler)));
        const held = await checkInvariants(world.memory);
        // Freed by force while somebody claims it: both may be right, and the next group looks again.
        if (group.some((one) => one.kind === "free" && one.force)) {
          for (const [name, ips] of world.granted) {
            if (ips.some((ip) => held.get(ip) !== name)) world.granted.delete(name);
          }
        }
        for (const [name, ips] of world.granted) {
          for (const ip of ips) assertEquals(held.get(ip), name, `P1: ${ip}`);
        }
      }
    }),
    { numRuns: runs(400) },
  );
});
