/**
 * A naive model of the allocator: a few maps and the rules of docs/keys.md, without keys, guards or transactions.
 *
 * It says which outcomes are right and what is held, kept and cooling afterwards. Long because it is one list of rules. Where the allocator is free to choose
 * (which free address; whether a record whose time is over still stands), every choice is right.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

/** The addresses of one range set. */
export interface ModelSet {
  /** Those that may be chosen. */
  readonly random: readonly string[];
  /** Those that may only be asked for. */
  readonly fixed: readonly string[];
}

/** An ADD, as the model sees it. */
export interface Ask {
  readonly node: string;
  /** The node's boot: records of an earlier one are of containers that are gone. */
  readonly boot: string;
  readonly container: string;
  readonly ifName: string;
  /** The pod's UID; undefined where no pod is known. */
  readonly uid: string | undefined;
  /** Whose the addresses stay. */
  readonly owner: string | undefined;
  /** How long they stay, in milliseconds. */
  readonly keptMs: number;
  /** Whether they stay only as long as a StatefulSet wants the pod: reconcile knows. */
  readonly isWanted: boolean;
  /** Addresses of the first set that are asked for, in order. */
  readonly wishes: readonly string[];
  /** Addresses of the first set of which any one is asked for; empty: none is. */
  readonly pool: readonly string[];
  readonly sets: readonly ModelSet[];
  readonly cooldownMs: number;
  /** When a DEL of this container was deferred. */
  readonly deferredMs?: number | undefined;
  readonly now: number;
}

/** How an ADD ended. */
export interface Answered {
  readonly kind: string;
  /** What was granted, or is held: one address of each set. */
  readonly ips: readonly string[];
}

/** What an attachment holds. */
export interface Attachment
  extends Pick<Ask, "node" | "boot" | "uid" | "owner" | "keptMs" | "isWanted"> {
  readonly container: string;
  readonly ifName: string;
  readonly ips: readonly string[];
  readonly since: number;
  readonly sets: readonly ModelSet[];
  readonly cooldownMs: number;
}

/** An address that waits for its owner. */
interface Retained {
  readonly owner: string;
  readonly until: number;
  readonly isWanted: boolean;
  readonly since: number;
}

/** What an owner keeps of one set, and how it is had. */
interface Kept {
  readonly ip: string;
  readonly state: "retained" | "expired" | "own" | "present" | "gone";
}

/** What an ADD may end with, for one set: any of these addresses and refusals. */
type Choices = readonly string[];

const REFUSALS = ["taken", "exhausted"];

/** What the datastore ought to hold. */
export class Model {
  /** By `container/interface`. */
  readonly attachments = new Map<string, Attachment>();
  /** Address to the moment it is free again. */
  readonly cooling = new Map<string, number>();
  /** Address to its owner, and the moment it is free again. */
  readonly retained = new Map<string, Retained>();
  /** Owner to the attachment that claimed for it last. */
  readonly claimed = new Map<string, string>();
  /** UIDs of pods that are gone. */
  readonly ended = new Set<string>();

  /** Addresses that others hold for good: of another cluster. */
  constructor(readonly foreign: ReadonlySet<string> = new Set()) {}

  /** Addresses that are held, each with its attachment. */
  held(): ReadonlyMap<string, string> {
    return new Map([...this.attachments].flatMap(([name, { ips }]) => ips.map((ip) => [ip, name])));
  }

  /**
   * Checks the outcome of an ADD against the rules, then takes it over.
   *
   * @param ask The ADD.
   * @param options How it ended, and the names of the attachments that the datastore has now.
   */
  added(
    ask: Ask,
    options: { readonly answered: Answered; readonly left: ReadonlySet<string> },
  ): void {
    const { answered: { kind, ips }, left } = options;
    const name = nameOf(ask);
    const own = this.attachments.get(name);
    const isEarlier = own !== undefined &&
      (own.boot !== ask.boot || own.since <= (ask.deferredMs ?? 0) || isOthers(own, ask));
    if (own !== undefined && !isEarlier) {
      return this.#repeated(ask, { answered: options.answered, own });
    }
    const mine = [name, this.#formerOf(ask)].filter((one) => one !== undefined);
    const kept = ask.sets.map((set, index) => this.#keptFor(ask, { set, index, mine }));
    this.#evict(ask, { left, mine, kept });
    const choices = ask.sets.map((_, set) => this.#choicesOf(ask, { set, kept: kept[set], mine }));
    if (REFUSALS.includes(kind)) {
      assert(
        choices.some((list) => list.includes(kind)),
        `expected one of ${choices}, got ${kind}`,
      );
      return;
    }
    assertEquals(kind, "granted", `expected one of ${choices}`);
    assertEquals(ips.length, ask.sets.length, "one address of each set");
    for (const [set, list] of choices.entries()) {
      assert(list.includes(ips[set] ?? ""), `set ${set}: expected one of ${list}, got ${ips[set]}`);
    }
    this.#grant(ask, { ips, mine });
  }

  /** A DEL, or a release by GC, replay or reconcile: frees an attachment, or nothing. */
  removed(name: string, options: { readonly now: number; readonly retain?: boolean }): void {
    const { now, retain = true } = options;
    const found = this.attachments.get(name);
    if (found === undefined) return;
    this.attachments.delete(name);
    const { owner, keptMs, isWanted, ips, sets, cooldownMs } = found;
    const isOwners = owner !== undefined && this.claimed.get(owner) === name;
    if (isOwners) this.claimed.delete(owner);
    for (const ip of ips) {
      const cools = cooldownMs > 0 && sets.some(({ random }) => random.includes(ip));
      if (isOwners && retain && keptMs > 0) {
        this.retained.set(ip, { owner, until: now + keptMs, isWanted, since: now });
      } else if (cools) this.cooling.set(ip, now + cooldownMs);
    }
  }

  /** Reconcile: pods that are gone, containers of an earlier boot of this node, and owners that no StatefulSet wants. */
  reconciled(options: {
    readonly node: string;
    readonly boot: string;
    readonly isSetGone: boolean;
    readonly now: number;
    readonly graceMs: number;
  }): void {
    const { node, boot, isSetGone, now, graceMs } = options;
    for (const [ip, { isWanted, since }] of this.retained) {
      if (isWanted && isSetGone && since <= now - graceMs) this.retained.delete(ip);
    }
    for (const [name, { uid, since, node: its, boot: old }] of this.attachments) {
      const isOver = uid === undefined ? its === node && old !== boot : this.ended.has(uid);
      if (isOver && since <= now - graceMs) this.removed(name, { now });
    }
  }

  /** A release by hand: the address, or the whole attachment that holds it, goes at once. */
  freed(ip: string, { force }: { readonly force: boolean }): void {
    const holder = this.held().get(ip);
    if (holder !== undefined && !force) return;
    const owner = this.attachments.get(holder ?? "")?.owner;
    if (owner !== undefined && this.claimed.get(owner) === holder) this.claimed.delete(owner);
    if (holder !== undefined) this.attachments.delete(holder);
    this.cooling.delete(ip);
    this.retained.delete(ip);
  }

  /** What an address is now; `free` also where its time is over. */
  stateOf(ip: string, now: number): "held" | "retained" | "cooling" | "free" {
    if (this.held().has(ip) || this.foreign.has(ip)) return "held";
    if ((this.retained.get(ip)?.until ?? 0) > now) return "retained";
    return (this.cooling.get(ip) ?? 0) > now ? "cooling" : "free";
  }

  #repeated(
    { wishes, pool }: Ask,
    { answered, own }: { readonly answered: Answered; readonly own: Attachment },
  ): void {
    const asked = wishes.length > 0 ? wishes : pool;
    const fits = asked.length === 0 || own.ips.some((ip) => asked.includes(ip));
    assertEquals(answered.kind, fits ? "held" : "differs");
    if (fits) assertEquals(answered.ips, own.ips);
  }

  /** Another sandbox of the same pod, on the same interface. */
  #formerOf(ask: Ask): string | undefined {
    if (ask.uid === undefined) return undefined;
    return [...this.attachments].find(([name, { uid, ifName }]) =>
      uid === ask.uid && ifName === ask.ifName && name !== nameOf(ask)
    )?.[0];
  }

  /** What waits for the owner, or what the owner's last pod left held. */
  #keptFor(
    ask: Ask,
    options: { readonly set: ModelSet; readonly index: number; readonly mine: readonly string[] },
  ): Kept | undefined {
    const { set: { random, fixed }, index, mine } = options;
    const { owner, now } = ask;
    if (owner === undefined || (index === 0 && ask.wishes.length > 0)) return undefined;
    const fitting = index === 0 && ask.pool.length > 0 ? ask.pool : [...random, ...fixed];
    const waiting = [...this.retained].find(([ip, one]) =>
      one.owner === owner && fitting.includes(ip)
    );
    if (waiting !== undefined) {
      const [ip, { until }] = waiting;
      return { ip, state: until > now ? "retained" : "expired" };
    }
    const last = this.claimed.get(owner);
    const holder = this.attachments.get(last ?? "");
    const ip = holder?.keptMs === 0 ? undefined : holder?.ips.find((one) => fitting.includes(one));
    if (holder === undefined || last === undefined || ip === undefined) return undefined;
    if (mine.includes(last)) return { ip, state: "own" };
    return { ip, state: this.#isGone(ask, holder) ? "gone" : "present" };
  }

  /** Who asks for an address finds out that its holder's pod is gone: then the holder loses it, now or with the grant. */
  #evict(
    ask: Ask,
    options: {
      readonly left: ReadonlySet<string>;
      readonly mine: readonly string[];
      readonly kept: readonly (Kept | undefined)[];
    },
  ): void {
    const { left, mine, kept } = options;
    const asked = [...ask.wishes, ...ask.pool, ...kept.flatMap((one) => one?.ip ?? [])];
    for (const [name, attachment] of this.attachments) {
      // Its own earlier record may go too, when a search of its pool finds that its pod is gone.
      if (left.has(name) || (mine.includes(name) && name !== nameOf(ask))) continue;
      const { ips, owner } = attachment;
      assert(
        this.#isGone(ask, attachment) && ips.some((ip) => asked.includes(ip)),
        `I5: ${name} lost ${ips} although its pod lives or nobody asked for it`,
      );
      const isOwn = owner !== undefined && owner === ask.owner;
      this.removed(name, { now: ask.now, retain: !isOwn });
    }
  }

  #choicesOf(
    ask: Ask,
    options: {
      readonly set: number;
      readonly kept: Kept | undefined;
      readonly mine: readonly string[];
    },
  ): Choices {
    const { set, kept, mine } = options;
    const { random = [] } = ask.sets[set] ?? {};
    const held = mine.flatMap((name) => this.#movable(ask, name));
    if (set === 0 && ask.wishes.length > 0) {
      const moved = held.find((ip) => ask.wishes.includes(ip));
      const wish = moved ?? ask.wishes.find((ip) => !this.#isElsewhere(ask, { ip, mine }));
      const isFree = wish !== undefined && (wish === moved || this.#isFor(ask, wish));
      return isFree ? [wish] : ["taken"];
    }
    const members = set === 0 && ask.pool.length > 0 ? ask.pool : random;
    const moved = held.find((ip) => members.includes(ip));
    const otherwise = (): Choices => moved === undefined ? this.#chosen(ask, members) : [moved];
    switch (kept?.state) {
      case "retained":
        return [kept.ip];
      case "expired":
        return [kept.ip, ...otherwise()]; // perhaps it was cleared away
      case "own":
        return [moved ?? kept.ip];
      case "gone":
        return [moved ?? kept.ip];
      case "present":
        return [moved ?? "taken"];
      case undefined:
        return otherwise();
    }
  }

  /** What a new attachment takes over from one that it replaces: not what another owner keeps. */
  #movable(ask: Ask, name: string): readonly string[] {
    const { ips = [], owner, keptMs = 0 } = this.attachments.get(name) ?? {};
    return owner === ask.owner || keptMs === 0 ? ips : [];
  }

  /** Free addresses come before cooling ones, these before what pods hold that are gone; that only where the pod names its pool. */
  #chosen(ask: Ask, members: readonly string[]): Choices {
    const { now } = ask;
    const free = members.filter((ip) => this.stateOf(ip, now) === "free");
    if (free.length > 0) return free;
    const cooling = members.filter((ip) => this.stateOf(ip, now) === "cooling");
    if (cooling.length > 0) return cooling;
    const others = ask.pool.length > 0 ? members.filter((ip) => this.#isFor(ask, ip)) : [];
    return others.length > 0 ? others : ["exhausted"];
  }

  /** Whether one who asks for this address may have it. */
  #isFor(ask: Ask, ip: string): boolean {
    if (this.foreign.has(ip)) return false;
    const holder = this.attachments.get(this.held().get(ip) ?? "");
    if (holder !== undefined) return this.#isGone(ask, holder);
    if (this.stateOf(ip, ask.now) !== "retained") return true;
    const keeper = this.retained.get(ip)?.owner;
    if (keeper === ask.owner) return true;
    // An owner may move a single address from one interface to another.
    const all = [...this.retained.values()].filter(({ owner }) => owner === keeper);
    return keeper !== undefined && isSameOwner(keeper, ask.owner) && all.length === 1;
  }

  #isElsewhere(
    ask: Ask,
    { ip, mine }: { readonly ip: string; readonly mine: readonly string[] },
  ): boolean {
    const name = this.held().get(ip);
    const holder = this.attachments.get(name ?? "");
    return ask.uid !== undefined && holder?.uid === ask.uid && !mine.includes(name ?? "");
  }

  /** Who has no pod asks no API: nobody can tell. */
  #isGone(ask: Ask, { uid }: Attachment): boolean {
    return ask.uid !== undefined && uid !== undefined && this.ended.has(uid);
  }

  #grant(
    ask: Ask,
    { ips, mine }: { readonly ips: readonly string[]; readonly mine: readonly string[] },
  ): void {
    const { node, boot, container, ifName, uid, owner, keptMs, isWanted, sets, cooldownMs, now } =
      ask;
    for (const name of mine) {
      const isOwn = owner !== undefined && this.attachments.get(name)?.owner === owner;
      this.removed(name, { now, retain: !isOwn });
    }
    for (const [ip, { owner: keeper }] of this.retained) {
      if (keeper === owner) this.retained.delete(ip); // what the owner does not take is free
    }
    for (const ip of ips) {
      this.cooling.delete(ip);
      this.retained.delete(ip);
    }
    const more = { container, ifName, ips, since: now, sets, cooldownMs };
    this.attachments.set(nameOf(ask), { node, boot, uid, owner, keptMs, isWanted, ...more });
    if (owner === undefined) return;
    if (keptMs > 0) this.claimed.set(owner, nameOf(ask));
    else this.claimed.delete(owner);
  }
}

/** Names the attachment of an ADD. */
export function nameOf({ container, ifName }: Pick<Ask, "container" | "ifName">): string {
  return `${container}/${ifName}`;
}

/** The key of an owner: what is kept, is kept for one interface. */
export function ownerOf(name: string, ifName: string): string {
  return `${name}/${ifName}`;
}

/** A container is of one pod: what is recorded for another is of an earlier life. */
function isOthers({ uid }: Attachment, ask: Ask): boolean {
  return uid !== undefined && ask.uid !== undefined && uid !== ask.uid;
}

function isSameOwner(one: string, other: string | undefined): boolean {
  return one.split("/")[0] === other?.split("/")[0];
}
