/**
 * `release`: frees addresses that are retained or cool down, and with `--force` those that are held.
 *
 * @module
 */
import { CniError, CODES } from "../cni/errors.ts";
import { openDatastore } from "../datastore/open.ts";
import { transact } from "../datastore/transact.ts";
import { type Freed, planFree } from "../ipam/free.ts";
import { type Addr, formatAddr, parseAddr } from "../net/addr.ts";
import type { Io } from "../plugin/io.ts";
import { randomFraction } from "../plugin/random.ts";
import type { AddressRecord } from "../state/records.ts";
import { tell, tellError } from "./errors.ts";
import { confOf, readFlags, UsageError } from "./flags.ts";
import { readGivenConfig } from "./netconf.ts";
import { formatCell, formatMoment } from "./table.ts";

/** What `release --help` prints. */
export const RELEASE_HELP =
  `kube-ipam release: free addresses that are retained for an owner or cool down

Usage:
  kube-ipam release --conf FILE [--force] ADDRESS...

  --conf FILE  the network configuration (.conf or .conflist), for its datastore and addressSpace;
               "-" is stdin, for an executable that may not read the file
  --force      also free an address that a container holds: its attachment is removed with all its
               addresses, and nothing is retained. Where the pod still runs it goes on to use them,
               so that another pod may get the same: delete the pod instead, or be sure it is gone
  --help       print this text

Each address is freed in one transaction and told on a line of its own. One that is not recorded is free.
Exit code: 0; 1 if an address could not be freed; 2 if the words are not understood.`;

const DEADLINE_MS = 10_000;

interface ReleaseAsked {
  readonly conf: string;
  readonly force: boolean;
  readonly addrs: readonly Addr[];
}

/**
 * Runs `release`.
 *
 * @param args The words after `release`.
 * @param io The process.
 * @returns The exit code.
 * @throws {UsageError} If the words are not understood: nothing was changed.
 * @throws {CniError} If the configuration cannot be used.
 * @throws {DatastoreError} If the datastore cannot be opened.
 */
export async function release(args: readonly string[], io: Io): Promise<number> {
  const { conf, force, addrs } = readAsked(args);
  const config = await readGivenConfig(conf, io);
  for (const warning of config.warnings) tell(io, `warning: ${warning}`);
  await using store = await openDatastore(config, { random: randomFraction });
  let failed = 0;
  for (const addr of addrs) {
    const ip = formatAddr(addr);
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const plan = planFree({ space: config.space, addr, force, now: io.now() });
      const freed = await transact(store, plan, { signal, random: io.random });
      io.stdout(`${textOf(ip, freed)}\n`);
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw error;
      failed++;
      tellError(io, error, ip);
    }
  }
  return failed > 0 ? 1 : 0;
}

function readAsked(args: readonly string[]): ReleaseAsked {
  const flags = readFlags(args, { command: "release", flags: { conf: "value", force: "none" } });
  const conf = confOf(flags, "release");
  if (flags.words.length === 0) {
    throw new UsageError("Cannot release addresses as none is given");
  }
  const addrs = new Map(flags.words.map(readAddress).map((addr) => [formatAddr(addr), addr]));
  return { conf, force: flags.set.has("force"), addrs: [...addrs.values()] };
}

function readAddress(text: string): Addr {
  try {
    return parseAddr(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

function textOf(ip: string, freed: Freed): string {
  switch (freed.kind) {
    case "absent":
      return `${ip} is free`;
    case "freed": {
      const others = freed.others.length === 0 ? "" : `, and with it ${freed.others.join(", ")}`;
      return `${ip} was ${describe(freed.record)}: now it is free${others}`;
    }
    case "held":
      throw new CniError(CODES.taken, "Cannot release an address that is held", {
        details: `it is ${describe(freed.record)}. ` +
          "Delete the pod; if it is gone for certain, use --force",
      });
  }
}

function describe(record: AddressRecord): string {
  const { state, network, owner, until } = record;
  const end = until === undefined ? "" : ` until ${formatMoment(until)}`;
  switch (state) {
    case "held":
      return `held by ${holderText(record)}`;
    case "cooling":
      return `cooling down on network "${formatCell(network)}"${end}`;
    case "retained": {
      const whom = owner === undefined
        ? "nobody"
        : `${formatCell(owner.namespace)}/${formatCell(owner.name)}`;
      return `retained for ${whom} on network "${formatCell(network)}"${end}`;
    }
  }
}

function holderText(
  { pod, containerID, ifname, network, node, cluster, since }: AddressRecord,
): string {
  const name = pod &&
    `pod ${
      [pod.namespace, pod.name].filter((part) => part !== undefined).map(formatCell).join("/")
    }, `;
  return `${name ?? ""}container ${formatCell(containerID)} (${formatCell(ifname)}) ` +
    `on network "${formatCell(network)}" on node ${formatCell(node)}` +
    `${cluster === "default" ? "" : ` of cluster ${formatCell(cluster)}`} since ${
      formatMoment(since)
    }`;
}
