/**
 * `list`: every recorded address, for people as a table and for programs as JSON.
 *
 * @module
 */
import { nearest } from "../config/nearest.ts";
import type { Datastore } from "../datastore/datastore.ts";
import { openDatastore } from "../datastore/open.ts";
import { transact } from "../datastore/transact.ts";
import { type Listed, type ListRequest, planList } from "../ipam/listing.ts";
import type { Io } from "../plugin/io.ts";
import { randomFraction } from "../plugin/random.ts";
import type { AddressRecord } from "../state/records.ts";
import { tell, tellError } from "./errors.ts";
import { confOf, readFlags, UsageError } from "./flags.ts";
import { readGivenConfig } from "./netconf.ts";
import { formatCell, formatMoment, formatTable } from "./table.ts";

/** What `list --help` prints. */
export const LIST_HELP = `kube-ipam list: print every recorded address, in address order

Usage:
  kube-ipam list --conf FILE [--network NAME] [--state STATE] [--json]

  --conf FILE     the network configuration (.conf or .conflist), for its datastore and addressSpace;
                  "-" is stdin, for an executable that may not read the file
  --network NAME  only addresses of this network
  --state STATE   only addresses in this state: held (by a container), retained (for an owner),
                  cooling (given back, not given again yet)
  --json          one JSON object for each address, with all fields of its record
  --help          print this text

Exit code: 0; 1 if something could not be read; 2 if the words are not understood.
Records that cannot be read are listed with state "unreadable" and their key, whatever is asked for.`;

const DEADLINE_MS = 10_000;
const STATES: readonly AddressRecord["state"][] = ["held", "retained", "cooling"];
const HEAD = ["ADDRESS", "STATE", "NETWORK", "POD", "NODE", "OWNER", "UNTIL", "SINCE"];

interface ListAsked {
  readonly conf: string;
  readonly network: string | undefined;
  readonly state: AddressRecord["state"] | undefined;
  readonly json: boolean;
}

/**
 * Runs `list`.
 *
 * @param args The words after `list`.
 * @param io The process.
 * @returns The exit code.
 * @throws {UsageError} If the words are not understood.
 * @throws {CniError} If the configuration cannot be used.
 * @throws {DatastoreError} If the datastore fails; what was read until then is printed.
 */
export async function list(args: readonly string[], io: Io): Promise<number> {
  const asked = readAsked(args);
  const config = await readGivenConfig(asked.conf, io);
  for (const warning of config.warnings) tell(io, `warning: ${warning}`);
  await using store = await openDatastore(config, { random: randomFraction });
  const request = { space: config.space, network: asked.network, state: asked.state };
  const table: (readonly string[])[] = [];
  let count = 0;
  let unreadable = 0;
  try {
    for await (const row of rowsOf(store, { request, io })) {
      count++;
      if (row.kind === "unreadable") {
        unreadable++;
        tellError(io, row.error);
      }
      if (asked.json) io.stdout(`${jsonOf(row)}\n`);
      else table.push(cellsOf(row));
    }
  } finally {
    if (table.length > 0) io.stdout(formatTable([HEAD, ...table]));
  }
  if (count === 0) tell(io, nothingOf(asked, config.space));
  return unreadable > 0 ? 1 : 0;
}

function readAsked(args: readonly string[]): ListAsked {
  const flags = readFlags(args, {
    command: "list",
    flags: { conf: "value", network: "value", state: "value", json: "none" },
  });
  const { values, set, words } = flags;
  if (words.length > 0) {
    throw new UsageError(
      `Cannot list addresses as list takes flags only: current value is ${
        JSON.stringify(words[0])
      }`,
    );
  }
  return {
    conf: confOf(flags, "list"),
    network: values.get("network"),
    state: readState(values.get("state")),
    json: set.has("json"),
  };
}

function readState(word: string | undefined): AddressRecord["state"] | undefined {
  const state = STATES.find((known) => known === word);
  if (state !== undefined || word === undefined) return state;
  const near = nearest(word, STATES);
  throw new UsageError(
    `Cannot list addresses as --state must be one of ${STATES.join(", ")}: current value is ${
      JSON.stringify(word)
    }${near === undefined ? "" : `: did you mean ${near}?`}`,
  );
}

/** Each page has a deadline of its own: the listing of a full space takes as long as it takes. */
async function* rowsOf(
  store: Datastore,
  { request, io: { random } }: { readonly request: ListRequest; readonly io: Pick<Io, "random"> },
): AsyncGenerator<Listed> {
  let from: string | undefined;
  do {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const page = await transact(store, planList({ ...request, from }), { signal, random });
    yield* page.rows;
    from = page.next;
  } while (from !== undefined);
}

function cellsOf(row: Listed): readonly string[] {
  if (row.kind === "unreadable") {
    return [formatCell(row.ip), "unreadable", formatCell(row.error.key)];
  }
  const { ip, state, network, pod, node, owner, until, since } = row.record;
  const podName = pod && [pod.namespace, pod.name].filter((part) => part !== undefined).join("/");
  return [
    ip,
    state,
    formatCell(network),
    formatCell(podName),
    formatCell(node),
    formatCell(owner && `${owner.namespace}/${owner.name}`),
    formatMoment(until),
    formatMoment(since),
  ];
}

function jsonOf(row: Listed): string {
  if (row.kind === "unreadable") {
    const { ip, error } = row;
    return JSON.stringify({ ip, state: "unreadable", key: error.key, error: error.message });
  }
  const { ip, state, ...rest } = row.record;
  return JSON.stringify({ ip, state, ...rest });
}

function nothingOf({ network, state }: ListAsked, space: string): string {
  const which = [
    state === undefined ? "" : ` in state ${state}`,
    network === undefined ? "" : ` of network "${network}"`,
  ].join("");
  return `No address${which} is recorded in the address space "${space}"`;
}
