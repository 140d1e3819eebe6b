import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Family } from "../../../lib/net/addr.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import {
  addressBounds,
  addressKey,
  addressOfKey,
  attachmentKey,
  attachmentOfNodeKey,
  everythingBounds,
  expiringBounds,
  expiringKey,
  expiringOfKey,
  nodeBounds,
  nodeKey,
  partsOfKey,
  podKey,
} from "../../../lib/state/keys.ts";

const NAME = {
  cluster: "default",
  node: "worker-1",
  network: "net",
  containerId: "c1",
  ifName: "eth0",
};

Deno.test("the keys are spelt as docs/keys.md says: a change needs a reader of the old form", () => {
  const root = "/kube-ipam/v1/default/";
  assertEquals(addressKey("default", parseAddr("10.188.0.216")), `${root}addresses/4/0abc00d8`);
  assertEquals(
    addressKey("default", parseAddr("fd00::1")),
    `${root}addresses/6/fd000000000000000000000000000001`,
  );
  assertEquals(attachmentKey("default", NAME), `${root}attachments/net/c1/eth0`);
  assertEquals(nodeKey("default", NAME), `${root}nodes/default/worker-1/net/c1/eth0`);
  assertEquals(podKey("default", { ...NAME, uid: "u/1" }), `${root}pods/default/u%2F1/net/eth0`);
  assertEquals(
    expiringKey("default", { untilMs: 0x19b_0000_0001, addr: parseAddr("10.0.0.1") }),
    `${root}expiring/4/0000019b00000001/0a000001`,
  );
});

const addrs = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => ({ family: 4 as Family, value })),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => ({ family: 6 as Family, value })),
);

Deno.test("address and expiring keys are read as they were written", () => {
  fc.assert(fc.property(addrs, fc.nat(2 ** 31), (addr, untilMs) => {
    assertEquals(addressOfKey(addressKey("s", addr)), addr);
    assertEquals(expiringOfKey(expiringKey("s", { untilMs, addr })), { untilMs, addr });
  }));
});

Deno.test("addressBounds() holds exactly the addresses of its interval", () => {
  fc.assert(
    fc.property(addrs, fc.nat(300), fc.nat(300), fc.nat(600), (addr, width, before, probe) => {
      const { family, value } = addr;
      const top = family === 4 ? 2n ** 32n - 1n : 2n ** 128n - 1n;
      const last = value + BigInt(width) > top ? top : value + BigInt(width);
      const at = value + BigInt(probe) - BigInt(before);
      if (at < 0n || at > top) return;
      const key = addressKey("s", { family, value: at });
      const { from, to } = addressBounds("s", family, { first: value, last });
      assertEquals(from <= key && key < to, value <= at && at <= last);
    }),
  );
});

Deno.test("the bounds of one node, network or family hold nothing of its neighbours", () => {
  const { from, to } = nodeBounds("s", NAME);
  const inside = nodeKey("s", NAME);
  assert(from <= inside && inside < to);
  for (const other of [{ node: "worker-10" }, { network: "net0" }, { cluster: "default-2" }]) {
    const key = nodeKey("s", { ...NAME, ...other });
    assert(key < from || key >= to, key);
  }
  assertEquals(attachmentOfNodeKey(inside, "net"), {
    network: "net",
    containerId: "c1",
    ifName: "eth0",
  });
  const four = expiringBounds("s", 4);
  const six = expiringKey("s", { untilMs: 1, addr: parseAddr("fd00::1") });
  assert(six >= four.to);
});

Deno.test("everything lies between two bounds, and a key tells its parts", () => {
  const { from, to } = everythingBounds();
  for (const space of ["default", "a", "~z"]) {
    const key = nodeKey(space, { ...NAME, node: "a/b" });
    assert(from <= key && key < to, key);
    assertEquals(partsOfKey(key), {
      space,
      folder: "nodes",
      names: ["default", "a%2Fb", "net", "c1", "eth0"],
    });
  }
  for (const other of ["/kube-ipam/v2/a/b", "/kube-ipam/v1", "/kube-ipam/", "/registry/a"]) {
    assert(other < from || other >= to, other);
  }
});
