import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { MemoryDatastore } from "../../lib/datastore/memory.ts";
import { openSqlite } from "../../lib/datastore/sqlite.ts";
import { planStale } from "../../lib/ipam/gc.ts";
import { planRelease } from "../../lib/ipam/release.ts";
import type { AddRequest } from "../../lib/ipam/request.ts";
import { add, addRequest, release, runPlan, seeded } from "../support/allocator.ts";
import { checkInvariants } from "../support/invariants.ts";
import { setOf, wishFor } from "../support/sets.ts";
import { Model, nameOf } from "./allocation_model.ts";

/** Random commands against the naive model: after each the outcome agrees and I1 to I6 hold. */

type Command =
  | {
    readonly kind: "add" | "del";
    readonly container: number;
    readonly ifName: string;
    readonly pod: number;
    readonly wish: number;
    readonly node: number;
  }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "gc"; readonly node: number; readonly valid: number };

const CONTAINERS = 8;

const attachmentCommand = fc.record({
  kind: fc.constantFrom("add" as const, "add" as const, "del" as const),
  container: fc.nat(CONTAINERS - 1),
  ifName: fc.constantFrom("eth0", "net1"),
  pod: fc.nat(6),
  wish: fc.nat(24),
  node: fc.nat(1),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: attachmentCommand },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(25_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("gc" as const),
      node: fc.nat(1),
      valid: fc.nat(2 ** CONTAINERS - 1),
    }),
  },
);

const setup = fc.record({
  allocation: fc.constantFrom("random" as const, "sequential" as const, "lowest" as const),
  cooldownMs: fc.constantFrom(0, 30_000),
  dual: fc.boolean(),
  seed: fc.nat(1_000_000),
});

const V4 = setOf(
  { subnet: "10.0.0.0/29", random: "10.0.0.2-10.0.0.5", gateway: "10.0.0.1" },
  { subnet: "10.9.0.0/30" },
);
const V6 = setOf({ subnet: "fd00::/125", exclude: ["fd00::3-fd00::4"] });

/** A container lives on one node, with one pod, whatever the commands say: as runtimes have it. */
function requestOf(
  command: Extract<Command, { kind: "add" | "del" }>,
  base: Pick<AddRequest, "allocation" | "cooldownMs" | "now" | "random" | "sets">,
): AddRequest {
  const { container, ifName, pod, wish } = command;
  const node = nodeName(container % 2);
  const wished = wish < 6 ? [wishFor(`10.0.0.${wish + 1 === 1 ? 6 : wish + 1}`)] : [];
  return addRequest({
    ...base,
    wishes: wished,
    asker: {
      node,
      nodeId: `id-${node}`,
      containerId: `c${container}`,
      ifName,
      ...(pod < 3
        ? {
          pod: {
            namespace: "ns",
            name: `pod-${pod}`,
            uid: `00000000-0000-4000-8000-00000000000${pod}`,
          },
        }
        : {}),
    },
  });
}

function nodeName(index: number): string {
  return index === 0 ? "node-a" : "node-b";
}

async function play(
  store: Datastore,
  { commands, options }: {
    readonly commands: readonly Command[];
    readonly options: {
      readonly allocation: AddRequest["allocation"];
      readonly cooldownMs: number;
      readonly dual: boolean;
      readonly seed: number;
    };
  },
): Promise<void> {
  const { allocation, cooldownMs, dual, seed } = options;
  const model = new Model();
  const random = seeded(seed);
  const sets = dual ? [V4, V6] : [V4];
  let now = 1_000_000;
  for (const command of commands) {
    const base = { allocation, cooldownMs, now, random, sets };
    switch (command.kind) {
      case "wait":
        now += command.ms;
        break;
      case "add": {
        const request = requestOf(command, base);
        model.added(request, await add(store, request));
        break;
      }
      case "del": {
        const request = requestOf(command, base);
        const known = model.attachments.has(nameOf(request));
        assertEquals((await release(store, request))?.kind, known ? "released" : "absent", "I5");
        model.removed(request);
        break;
      }
      case "gc":
        await collect(store, { model, command, base });
        break;
    }
    const held = await checkInvariants(store);
    assertEquals(new Set(held.keys()), new Set(model.held()));
    now += 1;
  }
}

async function collect(
  store: Datastore,
  { model, command, base }: {
    readonly model: Model;
    readonly command: Extract<Command, { kind: "gc" }>;
    readonly base: Parameters<typeof requestOf>[1];
  },
): Promise<void> {
  const node = nodeName(command.node);
  const containers = Array.from({ length: CONTAINERS }, (_, index) => index);
  const valid = containers.filter((index) => (command.valid >> index & 1) === 1)
    .flatMap((index) => ["eth0", "net1"].map((ifName) => ({ containerId: `c${index}`, ifName })));
  const asked = { space: "default", cluster: "default", node, network: "net", valid };
  const names = await runPlan(store, planStale(asked));
  for (let at = 0; at < names.length; at += 4) {
    const { cooldownMs, now } = base;
    const node = {
      cluster: "default",
      node: nodeName(command.node),
      nodeId: `id-${nodeName(command.node)}`,
    };
    await runPlan(
      store,
      planRelease({ space: "default", node, names: names.slice(at, at + 4), cooldownMs, now }),
    );
  }
  for (const index of containers.filter((index) => index % 2 === command.node)) {
    if ((command.valid >> index & 1) === 1) continue;
    for (const ifName of ["eth0", "net1"]) {
      model.removed(
        requestOf({ kind: "del", container: index, ifName, pod: 9, wish: 9, node: 0 }, base),
      );
    }
  }
}

Deno.test("planAdd() and planRelease() agree with the naive model on memory", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 60 }),
      setup,
      async (commands, options) => {
        await using store = new MemoryDatastore();
        await play(store, { commands, options });
      },
    ),
    { numRuns: 600 },
  );
});

Deno.test("planAdd() and planRelease() agree with the naive model on SQLite", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 30 }),
      setup,
      async (commands, options) => {
        const dir = await Deno.makeTempDir({ prefix: "kube-ipam-property-" });
        try {
          await using store = openSqlite(dir);
          await play(store, { commands, options });
        } finally {
          await Deno.remove(dir, { recursive: true });
        }
      },
    ),
    { numRuns: 25 },
  );
});
