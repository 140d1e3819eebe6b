/** Owners, wishes and take-over agree with a naive model, whatever order pods start, end and are deleted in. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../lib/datastore/memory.ts";
import type { AddOutcome } from "../../lib/ipam/add/allocate.ts";
import type { AddRequest } from "../../lib/ipam/request.ts";
import { add, addRequest, ipsOf, release, seeded } from "../support/allocator.ts";
import { checkInvariants } from "../support/invariants.ts";
import { runs } from "../support/runs.ts";
import { setOf, wishFor } from "../support/sets.ts";

const SET = setOf({ subnet: "10.0.0.0/28", random: "10.0.0.1-10.0.0.3" });
const RANDOM = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
const FIXED = ["10.0.0.9", "10.0.0.10"];
/** By pod name: what is kept for it, in milliseconds; undefined: it has no owner. */
const RULES = [Infinity, 5_000, 0, undefined] as const;

type Command =
  | { readonly kind: "start"; readonly name: number; readonly wish: number }
  | { readonly kind: "end"; readonly name: number }
  | { readonly kind: "del"; readonly name: number; readonly ago: number }
  | { readonly kind: "wait"; readonly ms: number };

const name = fc.nat(RULES.length - 1);
const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("start" as const), name, wish: fc.nat(4) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), name }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("del" as const), name, ago: fc.nat(2) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(6_000) }),
    },
  ),
  { maxLength: 40 },
);

interface Held {
  readonly name: number;
  readonly uid: string;
}

class Model {
  readonly held = new Map<string, Held>();
  readonly retained = new Map<string, { readonly name: number; readonly until: number }>();
  /** The UID of each name's pod that lives. */
  readonly living = new Map<number, string>();
  /** The UID of the pod that claimed last for each owner. */
  readonly claimed = new Map<number, string>();

  isFree(ip: string, now: number): boolean {
    return !this.held.has(ip) && (this.retained.get(ip)?.until ?? -1) <= now;
  }

  /** Removes what a container holds; what is kept stays with its owner, if that did not claim again. */
  remove(uid: string, now: number): void {
    for (const [ip, { name, uid: holder }] of this.held) {
      if (holder !== uid) continue;
      this.held.delete(ip);
      const rule = RULES[name] ?? 0;
      if (rule > 0 && this.claimed.get(name) === uid) {
        this.retained.set(ip, { name, until: now + rule });
      }
    }
  }

  /** What an ADD must end with: an address, `taken` or `exhausted`; `any` of the random ones. */
  expect(self: Held, options: { readonly wish: string | undefined; readonly now: number }): string {
    const { wish, now } = options;
    if (wish !== undefined) return this.#canHave(wish, self, now) ? wish : "taken";
    const own = this.#ownOf(self.name);
    if (own !== undefined) return own;
    return RANDOM.some((ip) => this.isFree(ip, now)) ? "any" : "exhausted";
  }

  #canHave(ip: string, self: Held, now: number): boolean {
    const holder = this.held.get(ip);
    if (holder !== undefined) {
      if (this.living.get(holder.name) === holder.uid) return false;
      const isKept = (RULES[holder.name] ?? 0) > 0 && holder.name !== self.name;
      if (!isKept) return true;
      this.remove(holder.uid, now); // stays with its owner at once, if that did not move on
      return this.isFree(ip, now);
    }
    const kept = this.retained.get(ip);
    return kept === undefined || kept.until <= now || kept.name === self.name;
  }

  /** What the owner's last pod left, or left held. */
  #ownOf(name: number): string | undefined {
    if ((RULES[name] ?? 0) === 0) return undefined;
    const kept = [...this.retained].find(([ip, one]) => one.name === name && !this.held.has(ip));
    if (kept !== undefined) return kept[0];
    const last = this.claimed.get(name);
    return [...this.held].find(([, holder]) => holder.name === name && holder.uid === last)?.[0];
  }

  granted(ip: string, { self, now }: { readonly self: Held; readonly now: number }): void {
    const victim = this.held.get(ip);
    this.held.delete(ip);
    if (victim !== undefined) this.remove(victim.uid, now);
    this.retained.delete(ip);
    if (RULES[self.name] !== undefined) {
      for (const [other, { name }] of this.retained) {
        if (name === self.name) this.retained.delete(other);
      }
    }
    this.held.set(ip, self);
    this.claimed.set(self.name, self.uid);
  }
}

function requestOf(
  self: Held,
  options: { readonly wish: string | undefined; readonly now: number; readonly seed: number },
): AddRequest {
  const rule = RULES[self.name];
  const pod = `pod-${self.name}`;
  return addRequest({
    sets: [SET],
    wishes: options.wish === undefined ? [] : [wishFor(options.wish)],
    ...(rule === undefined ? {} : {
      owner: { namespace: "ns", name: pod },
      retain: rule === Infinity ? "forever" : rule || "none",
    }),
    cooldownMs: 0,
    now: options.now,
    random: seeded(options.seed),
    asker: {
      containerId: self.uid,
      authorities: ["api"],
      pod: { namespace: "ns", name: pod, uid: self.uid },
    },
  });
}

function checkOutcome(outcome: AddOutcome, expected: string): string | undefined {
  if (expected === "taken" || expected === "exhausted") {
    assertEquals(outcome.kind, expected);
    return undefined;
  }
  assertEquals(outcome.kind, "granted", `expected ${expected}`);
  const [ip = ""] = ipsOf(outcome);
  if (expected === "any") assert(RANDOM.includes(ip), ip);
  else assertEquals(ip, expected);
  return ip;
}

async function play(
  store: Datastore,
  { list, seed }: { readonly list: readonly Command[]; readonly seed: number },
): Promise<void> {
  const model = new Model();
  const made: Held[] = [];
  let now = 1_000_000;
  for (const [index, command] of list.entries()) {
    now += 1;
    switch (command.kind) {
      case "wait":
        now += command.ms;
        break;
      case "end":
        model.living.delete(command.name);
        break;
      case "del": {
        const self = made.filter(({ name }) => name === command.name).at(-1 - command.ago);
        if (self === undefined) break;
        await release(store, requestOf(self, { wish: undefined, now, seed }));
        model.remove(self.uid, now);
        break;
      }
      case "start": {
        const self = { name: command.name, uid: `uid-${index}` };
        made.push(self);
        model.living.set(self.name, self.uid);
        const wish = FIXED[command.wish];
        const expected = model.expect(self, { wish, now });
        const judge = (
          { pod }: { readonly pod?: { readonly uid?: string | undefined } | undefined },
        ) =>
          Promise.resolve(
            [...model.living.values()].includes(pod?.uid ?? "")
              ? { kind: "present", advice: "wait" } as const
              : { kind: "gone", reason: "gone" } as const,
          );
        const outcome = await add(store, requestOf(self, { wish, now, seed: seed + index }), judge);
        const ip = checkOutcome(outcome, expected);
        if (ip !== undefined) model.granted(ip, { self, now });
        break;
      }
    }
    const held = await checkInvariants(store);
    assertEquals([...held.keys()].sort(), [...model.held.keys()].sort());
  }
}

Deno.test("owners, wishes and take-over agree with the naive model", async () => {
  await fc.assert(
    fc.asyncProperty(commands, fc.nat(100_000), async (list, seed) => {
      await using store = new MemoryDatastore();
      await play(store, { list, seed });
    }),
    { numRuns: runs(400) },
  );
});
