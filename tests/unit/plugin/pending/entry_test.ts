import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { EtcdConfig } from "../../../../lib/config/config.ts";
import {
  formatPending,
  type Pending,
  PendingError,
  readPending,
} from "../../../../lib/plugin/pending/entry.ts";
import { writePending } from "../../../../lib/plugin/pending/files.ts";
import { isSameDatastore } from "../../../../lib/plugin/pending/same_datastore.ts";

const ETCD: EtcdConfig = {
  kind: "etcd",
  endpoints: ["https://10.0.0.1:2379", "https://10.0.0.2:2379"],
  caFile: "/etc/etcd/ca.pem",
  username: "ipam",
  password: "s3cret",
  transport: "auto",
};

const OWED: Omit<Pending, "file"> = {
  space: "default",
  name: { network: "net", containerId: "c1", ifName: "eth0" },
  since: 1_763_700_000_000,
  node: { cluster: "default", node: "node-1" },
  cooldownMs: 30_000,
  datastore: ETCD,
};

function read(text: string): Pending | undefined {
  const dataDir = Deno.makeTempDirSync({ prefix: "kube-ipam-entry-" });
  try {
    const { space, name, since } = OWED;
    const place = { dataDir, space, network: name.network };
    return readPending({ path: writePending(place, { attachment: name, since, text }), since });
  } finally {
    Deno.removeSync(dataDir, { recursive: true });
  }
}

Deno.test("readPending() reads what formatPending() wrote, without the password", () => {
  for (const datastore of [ETCD, { kind: "sqlite" } as const]) {
    const text = formatPending({ ...OWED, datastore });
    assertEquals(text.includes("s3cret"), false);
    const { file: _, ...owed } = read(text) ?? {};
    const { password: __, ...kept } = { password: "", ...datastore };
    assertEquals(owed, { ...OWED, datastore: kept });
  }
});

Deno.test("readPending() of a file that somebody removed is undefined", () => {
  assertEquals(readPending({ path: "/nonexistent/c1@eth0@1.json", since: 1 }), undefined);
});

Deno.test("readPending() tells what is wrong, and that it stays", () => {
  const whole = JSON.parse(formatPending(OWED));
  const cases: readonly (readonly [unknown, string])[] = [
    ["", "it is not JSON"],
    ["{", "it is not JSON"],
    [[], 'its field ""'],
    [{ ...whole, since: "soon" }, 'its field "since"'],
    [{ ...whole, containerID: undefined }, 'its field "containerID"'],
    [{ ...whole, datastore: { kind: "consul" } }, 'its field "datastore.kind"'],
    [{ ...whole, datastore: { kind: "etcd", endpoints: "a" } }, 'its field "endpoints"'],
    [{ ...whole, containerID: "c2" }, "it speaks of another release"],
    [{ ...whole, space: "other" }, "it speaks of another release"],
    [{ ...whole, since: whole.since + 1 }, "it speaks of another release"],
    [{ ...whole, schema: 2 }, "of schema 2 as this kube-ipam knows 1"],
  ];
  for (const [value, problem] of cases) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const error = assertThrows(() => read(text), PendingError);
    assertStringIncludes(error.message, problem);
  }
});

Deno.test("isSameDatastore() needs one endpoint in common", () => {
  const moved = { ...ETCD, endpoints: ["https://10.0.0.2:2379", "https://10.0.0.3:2379"] };
  const other = { ...ETCD, endpoints: ["https://10.0.0.3:2379"] };
  const sqlite = { kind: "sqlite" } as const;
  assertEquals(isSameDatastore(ETCD, moved), true);
  assertEquals(isSameDatastore(ETCD, other), false);
  assertEquals(isSameDatastore(ETCD, sqlite), false);
  assertEquals(isSameDatastore(sqlite, sqlite), true);
});
