import { assert, assertEquals } from "@std/assert";
import {
  isOwing,
  listPending,
  listPlaces,
  pendingOf,
  type PendingPlace,
  removePending,
  sweepPending,
  writePending,
} from "../../../../lib/plugin/pending/files.ts";

async function withPlace(work: (place: PendingPlace) => void | Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "kube-ipam-pending-" });
  try {
    await work({ dataDir: `${root}/data`, space: "default", network: "net" });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const C1 = { containerId: "c1", ifName: "eth0" };

Deno.test("pendingOf() finds what is owed for one attachment, the oldest first", async () => {
  await withPlace((place) => {
    assertEquals([isOwing(place), listPending(place), pendingOf(place, C1)], [false, [], []]);
    const second = writePending(place, { attachment: C1, since: 2_000, text: "two" });
    const first = writePending(place, { attachment: C1, since: 1_000, text: "one" });
    for (const ifName of ["eth1", "eth0@1", "@eth0"]) {
      writePending(place, { attachment: { ...C1, ifName }, since: 1, text: "" });
    }
    writePending(place, { attachment: { ...C1, containerId: "c" }, since: 1, text: "" });
    writePending({ ...place, network: "other" }, { attachment: C1, since: 1, text: "" });
    assertEquals(pendingOf(place, C1), [{ path: first, since: 1_000 }, {
      path: second,
      since: 2_000,
    }]);
    assertEquals(pendingOf(place, { ...C1, ifName: "@eth0" }).length, 1);
    assertEquals(listPending(place).length, 6);
    assert(isOwing(place));
    assertEquals(listPlaces(place.dataDir).map(({ network }) => network).sort(), ["net", "other"]);
    removePending(listPending(place));
    removePending([{ path: first, since: 1_000 }]); // somebody else was faster
    assertEquals(listPending(place), []);
  });
});

Deno.test("writePending() takes container IDs that no file name has room for", async () => {
  await withPlace((place) => {
    const long = (end: string): string => `${"x".repeat(4_000)}${end}`;
    const ids = [long("a"), long("b"), "x".repeat(128), "x".repeat(129)];
    const ifName = "fifteen-bytes-x";
    for (const [index, containerId] of ids.entries()) {
      writePending(place, { attachment: { containerId, ifName }, since: index, text: "" });
    }
    for (const [index, containerId] of ids.entries()) {
      const found = pendingOf(place, { containerId, ifName });
      assertEquals(found.map(({ since }) => since), [index]);
    }
  });
});

Deno.test("sweepPending() removes half-written files that are old, and nothing else", async () => {
  await withPlace(async (place) => {
    const whole = writePending(place, { attachment: C1, since: 1, text: "whole" });
    const [old, young] = [crypto.randomUUID(), crypto.randomUUID()].map((id) => `${whole}.${id}`);
    for (const path of [old, young]) await Deno.writeTextFile(path ?? "", "half");
    await Deno.utime(old ?? "", 1, 1);
    await Deno.utime(whole, 1, 1);
    assertEquals(listPending(place).length, 1);
    sweepPending(place, 5_000);
    removePending(listPending(place));
    assertEquals(isOwing(place), false, "what is half-written is owed by nobody");
    const folder = whole.slice(0, whole.lastIndexOf("/") + 1);
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => folder + name);
    assertEquals(names, [young]);
  });
});
