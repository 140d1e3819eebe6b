/** A container ID that is used again by another pod: what is recorded for the former pod never speaks for the new one. */
import { assert, assertEquals } from "@std/assert";
import type { Datastore } from "../../../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../../../lib/datastore/memory.ts";
import { add, addRequest, ipsOf, judgeOf, release } from "../../../support/allocator.ts";
import { checkInvariants } from "../../../support/invariants.ts";
import { wishFor } from "../../../support/sets.ts";

const FORMER = addRequest({ asker: { authorities: ["api"], pod: podOf("former") } });
const NEXT = addRequest({ now: 1_000_002, asker: { authorities: ["api"], pod: podOf("next") } });
const JUDGE = judgeOf(new Set(["next-uid", "wishing-uid"]));

function podOf(
  name: string,
): { readonly namespace: string; readonly name: string; readonly uid: string } {
  return { namespace: "ns", name, uid: `${name}-uid` };
}

function wishing(ip: string): ReturnType<typeof addRequest> {
  return addRequest({
    wishes: [wishFor(ip)],
    asker: { containerId: "c2", node: "node-b", nodeId: "id-b", authorities: ["api"] },
  });
}

Deno.test("planAdd() rewrites the record that another pod's ADD left late under its container ID (found by model)", async () => {
  await using store = new MemoryDatastore();
  await release(store, FORMER); // before the commit of its ADD arrives
  const [ip = ""] = ipsOf(await add(store, FORMER));
  const outcome = await add(store, NEXT);
  assert(outcome.kind === "granted");
  assertEquals([outcome.record.pod?.uid, ipsOf(outcome)], ["next-uid", [ip]]);
  // The former pod is gone; what the next one holds is not free for that.
  const request = wishing(ip);
  const asker = { ...request.asker, pod: podOf("wishing") };
  assertEquals((await add(store, { ...request, asker }, JUDGE)).kind, "taken");
  assertEquals([...(await checkInvariants(store)).keys()], [ip]);
});

Deno.test("planAdd() takes nothing over that another pod got between its two looks, by the same container ID (found by model)", async () => {
  await using memory = new MemoryDatastore();
  const [ip = ""] = ipsOf(await add(memory, FORMER));
  const request = wishing(ip);
  const asker = { ...request.asker, pod: podOf("wishing") };
  let isFirst = true;
  // After the conflict shows the former pod, and before its holder is looked at.
  const store: Datastore = {
    commit: (txn, options) => memory.commit(txn, options),
    read: async (reads, options) => {
      if (isFirst) await add(memory, { ...NEXT, deferredMs: 1_000_001 });
      isFirst = false;
      return await memory.read(reads, options);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  assertEquals((await add(store, { ...request, asker }, JUDGE)).kind, "taken");
  assertEquals(isFirst, false);
  const held = await checkInvariants(memory);
  assertEquals([...held], [[ip, "/kube-ipam/v1/default/attachments/net/c1/eth0"]]);
});
