import { assertEquals } from "@std/assert";
import type { EtcdConfig, SqliteConfig } from "../../../lib/config/config.ts";
import { hasReached, isTrialDue, markReached, outageMs } from "../../../lib/plugin/reached.ts";

const NOW = 1_800_000_000_000;

type Place = Parameters<typeof hasReached>[0];

function etcd(...endpoints: readonly string[]): EtcdConfig {
  return { kind: "etcd", endpoints, transport: "auto" };
}

const SQLITE: SqliteConfig = { kind: "sqlite" };

async function withPlace(
  fn: (placeOf: (datastore: Place["datastore"]) => Place) => void,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    fn((datastore) => ({
      dataDir: `${root}/data`,
      runDir: `${root}/run`,
      cluster: "default",
      nodeName: "node",
      datastore,
    }));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("each datastore is reached, and is away, by itself", () =>
  withPlace((placeOf) => {
    const one = placeOf(etcd("http://a:2379", "http://b:2379"));
    const others = [placeOf(etcd("http://c:2379")), placeOf(SQLITE)];
    markReached(one);
    assertEquals([hasReached(one), ...others.map(hasReached)], [true, false, false]);
    assertEquals(hasReached(placeOf(etcd("http://b:2379", "http://a:2379"))), true, "any order");
    assertEquals(others.map((other) => outageMs(other, NOW)), [0, 0]);
    markReached(one);
    assertEquals(others.map((other) => outageMs(other, NOW + 5000)), [5000, 5000]);
    for (const other of others) markReached(other);
    assertEquals(others.map((other) => outageMs(other, NOW + 9000)), [0, 0], "a new one");
  }));

Deno.test("a datastore stays the same one when an endpoint is added or leaves", () =>
  withPlace((placeOf) => {
    const before = placeOf(etcd("http://a:2379", "http://b:2379"));
    markReached(before, NOW);
    const after = placeOf(etcd("http://b:2379", "http://c:2379"));
    assertEquals([hasReached(after), isTrialDue(after, NOW + 1)], [true, false]);
    assertEquals(outageMs(before, NOW), 0);
    assertEquals(outageMs(after, NOW + 5_000), 5_000);
    markReached(after);
    assertEquals(hasReached(placeOf(etcd("http://c:2379"))), true);
  }));

Deno.test("isTrialDue() is true once a minute, during an outage, and when the clock was set back", () =>
  withPlace((placeOf) => {
    const place = placeOf(SQLITE);
    assertEquals(isTrialDue(place, NOW), true);
    markReached(place);
    assertEquals(isTrialDue(place, NOW), true, "an answer to a read says nothing of writes");
    markReached(place, NOW);
    assertEquals(isTrialDue(place, NOW), false);
    markReached(place);
    assertEquals(isTrialDue(place, NOW + 59_999), false, "a read takes nothing back");
    assertEquals(isTrialDue(place, NOW + 60_000), true);
    assertEquals(isTrialDue(place, NOW - 1), true);
    outageMs(place, NOW);
    assertEquals(isTrialDue(place, NOW + 1), true);
  }));

Deno.test("where nothing can be written nothing fails", () =>
  withPlace((placeOf) => {
    const place = { ...placeOf(SQLITE), dataDir: "/dev/null/no", runDir: "/dev/null/no" };
    markReached(place, NOW);
    assertEquals([hasReached(place), isTrialDue(place, NOW), outageMs(place, NOW)], [
      false,
      true,
      0,
    ]);
  }));
