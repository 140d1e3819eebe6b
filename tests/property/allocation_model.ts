/**
 * A naive model of the allocator: two maps and the rules of docs/keys.md, without keys, guards or transactions.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Wish } from "../../lib/config/config.ts";
import type { AddOutcome } from "../../lib/ipam/add/allocate.ts";
import { partOf, type Pool, poolOf } from "../../lib/ipam/pool.ts";
import type { AddRequest } from "../../lib/ipam/request.ts";
import { formatAddr, parseAddr } from "../../lib/net/addr.ts";

interface Attachment {
  readonly ips: readonly string[];
  readonly podUid: string | undefined;
}

/** What the datastore ought to hold. */
export class Model {
  /** By `network/container/interface`. */
  readonly attachments = new Map<string, Attachment>();
  /** Address to the moment it is free again. */
  readonly cooling = new Map<string, number>();

  /** Addresses that are held. */
  held(): ReadonlySet<string> {
    return new Set([...this.attachments.values()].flatMap(({ ips }) => ips));
  }

  /** Checks an outcome against the rules, then takes it over. */
  added(request: AddRequest, outcome: AddOutcome): void {
    const own = this.attachments.get(nameOf(request));
    if (own !== undefined) return this.#repeated(request, { outcome, own });
    const former = this.#former(request);
    const others = new Set([...this.held()].filter((ip) => !former?.[1].ips.includes(ip)));
    const busy = request.wishes.find(({ addr }) => others.has(formatAddr(addr)));
    const pools = request.sets.map((set) => poolOf(set));
    const full = pools.findIndex((pool, set) =>
      request.wishes.every((wish) => wish.set !== set) && isFull(pool, others)
    );
    if (busy !== undefined || full >= 0) {
      // With several sets either may be met first.
      assert(
        (outcome.kind === "taken" && busy !== undefined) ||
          (outcome.kind === "exhausted" && full >= 0),
        `expected a refusal, got ${outcome.kind}`,
      );
      return;
    }
    assertEquals(outcome.kind, "granted");
    if (outcome.kind !== "granted") return;
    const ips = outcome.record.addresses.map(({ ip }) => ip);
    assertEquals(ips.length, pools.length, "one address of each set");
    for (const [set, ip] of ips.entries()) {
      this.#checkGrant(request, { ip, set, pool: pools[set], others, former: former?.[1] });
    }
    if (former !== undefined) this.#release(request, former[0]);
    for (const ip of ips) this.cooling.delete(ip);
    this.attachments.set(nameOf(request), { ips, podUid: request.asker.pod?.uid });
  }

  /** Takes a DEL over. */
  removed(request: AddRequest): void {
    this.#release(request, nameOf(request));
  }

  #repeated(
    { wishes }: AddRequest,
    { outcome, own }: { readonly outcome: AddOutcome; readonly own: Attachment },
  ): void {
    const fits = wishes.every(({ addr }) => own.ips.includes(formatAddr(addr)));
    assertEquals(outcome.kind, fits ? "held" : "differs");
    if (outcome.kind !== "held") return;
    assertEquals(outcome.record.addresses.map(({ ip }) => ip), own.ips);
  }

  #former({ asker }: AddRequest): readonly [string, Attachment] | undefined {
    if (asker.pod?.uid === undefined) return undefined;
    return [...this.attachments].find(([name, { podUid }]) =>
      podUid === asker.pod?.uid && name.startsWith(`${asker.network}/`) &&
      name.endsWith(`/${asker.ifName}`)
    );
  }

  #checkGrant(
    { wishes, now }: AddRequest,
    options: {
      readonly ip: string;
      readonly set: number;
      readonly pool: Pool | undefined;
      readonly others: ReadonlySet<string>;
      readonly former: Attachment | undefined;
    },
  ): void {
    const { ip, set, pool, others, former } = options;
    assert(!others.has(ip), `I1: ${ip} is held by another`);
    const wish: Wish | undefined = wishes.find((item) => item.set === set);
    if (wish !== undefined) return assertEquals(ip, formatAddr(wish.addr), "I4");
    assert(pool !== undefined && partOf(pool, parseAddr(ip).value) !== undefined, `I3: ${ip}`);
    const kept = former?.ips.find((item) => isMember(pool, item));
    if (kept !== undefined) return assertEquals(ip, kept, "a new sandbox keeps its address");
    const until = this.cooling.get(ip) ?? 0;
    const rested = members(pool).some((item) =>
      !others.has(item) && (this.cooling.get(item) ?? 0) <= now
    );
    assert(until <= now || !rested, `${ip} cools although another address does not`);
  }

  #release({ now, cooldownMs, sets }: AddRequest, name: string): void {
    for (const ip of this.attachments.get(name)?.ips ?? []) {
      const cools = sets.map((set) => poolOf(set)).some((pool) => isMember(pool, ip));
      if (cools && cooldownMs > 0) this.cooling.set(ip, now + cooldownMs);
    }
    this.attachments.delete(name);
  }
}

/** Names the attachment of a request. */
export function nameOf({ asker }: AddRequest): string {
  return `${asker.network}/${asker.containerId}/${asker.ifName}`;
}

function isFull(pool: Pool, others: ReadonlySet<string>): boolean {
  return members(pool).every((ip) => others.has(ip));
}

function isMember(pool: Pool, ip: string): boolean {
  const addr = parseAddr(ip);
  return addr.family === pool.family && partOf(pool, addr.value) !== undefined;
}

function members({ family, parts }: Pool): readonly string[] {
  const list: string[] = [];
  for (const part of parts) {
    for (const { first, last } of part.members) {
      for (let value = first; value <= last; value++) list.push(formatAddr({ family, value }));
    }
  }
  return list;
}
