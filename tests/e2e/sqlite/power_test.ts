/**
 * What a power cut may leave of the SQLite files at any moment of a call: whatever was not synchronised is there, missing or torn.
 *
 * The writes and synchronisations of a real call are recorded with strace and put together again, up to a moment and with what chance
 * leaves of the rest. What opens then is the state before the call or the one after it, nothing between; once the call was answered, it
 * is the one after it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { Random } from "../../../lib/ipam/plan.ts";
import type { Entry } from "../../../lib/state/txn.ts";
import {
  addressFor,
  assertResult,
  assertSilent,
  callFor,
  entriesIn,
} from "../../support/answers.ts";
import { seeded } from "../../support/allocator.ts";
import { testNeeding } from "../../support/needs.ts";
import { makeSandbox, type PluginCall, type Sandbox } from "../../support/plugin.ts";
import { CHANGES, databaseOf, soundEntries, traced } from "./_sqlite.ts";

/** States that chance leaves after each change. */
const STATES = 6;
/** What a disk writes at once. */
const SECTOR = 512;

/** One change of a file, as strace saw it. */
type Change =
  | { readonly kind: "write"; readonly path: string; readonly at: number; readonly bytes: Bytes }
  | { readonly kind: "cut"; readonly path: string; readonly size: number }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly from: string }
  /** All before it is on the disk: of a file its bytes, of a folder its names. */
  | { readonly kind: "sync"; readonly path: string };

type Bytes = Uint8Array<ArrayBuffer>;

/** The files by path. */
type Files = ReadonlyMap<string, Bytes>;

/** What was done to the files whose paths begin so, and to their folder. */
function parseTrace(trace: string, start: string): readonly Change[] {
  const folder = start.slice(0, start.lastIndexOf("/"));
  return linesOf(trace).map(parseLine)
    .filter(({ path }) => path === folder || path.startsWith(start));
}

/** Strace cuts a line in two where another thread comes between. */
function linesOf(trace: string): readonly string[] {
  const begun = new Map<string, string>();
  return trace.split("\n").flatMap((line) => {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const end = / <unfinished \.\.\.>$/;
    if (end.test(rest)) begun.set(pid, rest.replace(end, ""));
    const [, resumed] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    const whole = resumed === undefined ? rest : `${begun.get(pid) ?? ""}${resumed}`;
    return /^\w+\(.* = \d+$/.test(whole) ? [whole] : [];
  });
}

function parseLine(line: string): Change {
  const found =
    /^(?<name>\w+)\((?:AT_FDCWD(?:<[^>]*>)?, )?(?:\d+<(?<file>[^>]*)>|"(?<named>[^"]*)")(?<rest>.*)\) += \d+$/
      .exec(line)?.groups;
  assert(found !== undefined, `strace: ${line.slice(0, 200)}`);
  const { name = "", rest = "" } = found;
  const path = textOf(found.file ?? found.named ?? "");
  switch (name) {
    case "pwrite64": {
      const [, hex = "", size, at] = /^, "((?:\\x..)*)", (\d+), (\d+)$/.exec(rest) ?? [];
      const bytes = bytesOf(hex);
      assertEquals(bytes.length, Number(size), "strace shows all bytes");
      return { kind: "write", path, at: Number(at), bytes };
    }
    case "ftruncate":
      return { kind: "cut", path, size: Number(rest.slice(2)) };
    case "unlink":
      return { kind: "remove", path };
    case "link":
    case "linkat": {
      const [, to = ""] = /"([^"]*)"[^"]*$/.exec(rest) ?? [];
      return { kind: "link", path: textOf(to), from: path };
    }
    default:
      return { kind: "sync", path };
  }
}

function bytesOf(hex: string): Bytes {
  return Uint8Array.from(hex.split("\\x").slice(1), (pair) => Number.parseInt(pair, 16));
}

function textOf(hex: string): string {
  return hex.startsWith("\\x") ? new TextDecoder().decode(bytesOf(hex)) : hex;
}

/** What is on the disk when the power fails after some changes: what was synchronised, and some of the rest. */
function cutAfter(changes: readonly Change[], { before, random }: CutOptions): Files {
  const files = new Map(before);
  changes.forEach((change, index) => {
    const later = changes.slice(index + 1);
    const isSynced = later.some(({ kind, path }) =>
      kind === "sync" && (path === change.path ||
        // Names are the folder's.
        (change.kind === "remove" || change.kind === "link") && change.path.startsWith(`${path}/`))
    );
    const fate = isSynced ? 0n : random(4n);
    if (fate < 2n) apply(files, change);
    else if (fate === 2n && change.kind === "write") apply(files, torn(change, random));
  });
  return files;
}

interface CutOptions {
  readonly before: Files;
  readonly random: Random;
}

/** Some sectors of a write. */
function torn(change: Extract<Change, { kind: "write" }>, random: Random): Change {
  const { at, bytes } = change;
  // A sector begins where the disk says, not where the write does.
  const first = SECTOR - at % SECTOR;
  const sectors = BigInt(Math.ceil(Math.max(0, bytes.length - first) / SECTOR) + 1);
  const end = first + Number(random(sectors)) * SECTOR;
  return random(2n) === 0n || end >= bytes.length
    ? { ...change, bytes: bytes.slice(0, end) }
    : { ...change, at: at + end, bytes: bytes.slice(end) };
}

function apply(files: Map<string, Bytes>, change: Change): void {
  const old = files.get(change.path) ?? new Uint8Array();
  if (change.kind === "remove") files.delete(change.path);
  if (change.kind === "link") files.set(change.path, files.get(change.from) ?? new Uint8Array());
  if (change.kind === "cut") {
    const fresh = new Uint8Array(change.size);
    fresh.set(old.subarray(0, change.size));
    files.set(change.path, fresh);
  }
  if (change.kind === "write") {
    const fresh = new Uint8Array(Math.max(old.length, change.at + change.bytes.length));
    fresh.set(old);
    fresh.set(change.bytes, change.at);
    files.set(change.path, fresh);
  }
}

async function filesOf(paths: readonly string[]): Promise<Files> {
  const files = new Map<string, Bytes>();
  for (const path of paths) {
    await Deno.readFile(path).then((bytes) => files.set(path, bytes), () => {});
  }
  return files;
}

/** What the files hold when they are opened after the power is back. */
async function reopened(files: Files): Promise<readonly Entry[]> {
  const dataDir = await Deno.makeTempDir({ prefix: "kube-ipam-power-" });
  try {
    for (const [path, bytes] of files) {
      await Deno.writeFile(`${dataDir}${path.slice(path.lastIndexOf("/"))}`, bytes);
    }
    return await soundEntries({ dataDir });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** A call whose power fails. */
interface Failing {
  readonly box: Sandbox;
  readonly call: PluginCall;
  /** Files and entries before it. */
  readonly before: Files;
  readonly former: readonly Entry[];
}

/** Makes the call; then looks at what a power cut after each of its changes may have left. */
async function failEverywhere({ box, call, before, former }: Failing): Promise<void> {
  const db = databaseOf(box);
  const names = [...CHANGES, "?link", "linkat"].join(",");
  const flags = ["-y", "-xx", "-s", "65536", "-e", `trace=${names}`];
  const { answer, trace } = await traced(box, { call, paths: [], flags });
  if (call.command === "ADD") assertResult(answer);
  else assertSilent(answer);
  const latter = await entriesIn(box);
  assert(JSON.stringify(former) !== JSON.stringify(latter));

  const changes = parseTrace(trace, db).filter(({ path }) => !path.endsWith("-shm"));
  assert(changes.length > 2, trace);
  const seed = Math.floor(Math.random() * 1e6);
  const random = seeded(seed);
  const isLatter = (found: readonly Entry[]): boolean =>
    JSON.stringify(found) === JSON.stringify(latter);
  // The network is recorded by a transaction of its own.
  const isBetween = (found: readonly Entry[]): boolean =>
    JSON.stringify(found) ===
      JSON.stringify(latter.filter(({ key }) => !key.includes("/networks/")));
  for (let moment = 0; moment <= changes.length; moment++) {
    const text = `seed ${seed}, after ${moment} of ${changes.length} changes`;
    for (let state = 0; state < STATES; state++) {
      const files = cutAfter(changes.slice(0, moment), { before, random });
      const found = await reopened(files).catch((cause) => {
        throw new Error(`${text}: it does not open`, { cause });
      });
      if (moment === changes.length) assert(isLatter(found), `${text}: the answer is lost`);
      else if (!isLatter(found) && !isBetween(found)) assertEquals(found, former, text);
    }
  }
}

const NEIGHBOURS = {
  "the only process": false,
  // Then the last one does not put everything into the file when it ends.
  "a process beside others": true,
};

for (const [who, hasNeighbour] of Object.entries(NEIGHBOURS)) {
  for (const command of ["ADD", "DEL"]) {
    testNeeding(
      ["strace"],
      `a power cut during the ${command} of ${who} loses nothing that was answered`,
      async () => {
        await using box = await makeSandbox();
        const netconf = box.netconf();
        for (const id of ["c1", "c2", "c3"]) await addressFor(box, id, { netconf });
        const db = databaseOf(box);
        using neighbour = new DatabaseSync(hasNeighbour ? db : ":memory:");
        neighbour.prepare("PRAGMA user_version").get();
        assertSilent(await box.call(callFor("DEL", "c1", { netconf })));
        const former = await entriesIn(box);
        const before = await filesOf([db, `${db}-wal`]);
        assertEquals(before.has(`${db}-wal`), hasNeighbour);
        const call = callFor(command, command === "ADD" ? "c4" : "c3", { netconf });
        await failEverywhere({ box, call, before, former });
      },
    );
  }
}

testNeeding(
  ["strace"],
  "a power cut during the ADD that makes the file leaves it whole or not at all",
  async () => {
    await using box = await makeSandbox();
    const call = callFor("ADD", "c1", { netconf: box.netconf() });
    await failEverywhere({ box, call, before: new Map(), former: [] });
  },
);
