/**
 * In which order addresses are given: the rows of host-local's allocator tests, over the real process.
 *
 * Each row is a script: `+a` ADDs container a, `-a` DELs it, and `=` says what it must get (`full`: refused with 100).
 *
 * @see https://github.com/containernetworking/plugins/tree/main/plugins/ipam/host-local
 * @module
 */
import { assertEquals, assertNotEquals } from "@std/assert";
import {
  addressFor,
  assertRefused,
  assertSilent,
  callFor,
  entriesIn,
  keysIn,
} from "../support/answers.ts";
import { makeSandbox } from "../support/plugin.ts";

type Ipam = Readonly<Record<string, unknown>>;

interface Row {
  readonly name: string;
  readonly ipam: Ipam;
  readonly script: string;
  /** From this call of the script on, this is merged into `ipam`. */
  readonly change?: { readonly from: number; readonly ipam: Ipam };
}

const FIVE = { subnet: "10.0.0.0/24", rangeEnd: "10.0.0.6" };
const DESCENDING = {
  subnet: undefined,
  ranges: [[{ subnet: "10.0.1.0/30" }, { subnet: "10.0.0.0/30" }]],
};

const SEQUENTIAL: readonly Row[] = [
  {
    name:
      "begins with the first, goes on after the last, skips what is held, wraps, ends when full",
    ipam: FIVE,
    script: "+a=.2 +b=.3 +c=.4 -b +d=.5 -c +e=.6 +f=.3 +g=.4 +h=full",
  },
  { name: "begins with ::2", ipam: { subnet: "2001:db8:1::/64" }, script: "+a=::2 +b=::3" },
  {
    name: "gives neither network nor gateway nor broadcast of a /30",
    ipam: { subnet: "10.0.0.0/30" },
    script: "+a=.2 +b=full",
  },
  {
    name: "gives all of rangeStart to rangeEnd, both included",
    ipam: { subnet: "10.0.0.0/29", rangeStart: "10.0.0.5", rangeEnd: "10.0.0.6" },
    script: "+a=.5 +b=.6 +c=full",
  },
  {
    name: "gives the last one again when it is the only free one",
    ipam: { subnet: "10.0.0.0/29", rangeEnd: "10.0.0.4" },
    script: "+a=.2 +b=.3 +c=.4 -c +d=.4",
  },
  {
    name: "begins anew when the last one lies after the range",
    ipam: { ...FIVE, rangeStart: "10.0.0.5" },
    script: "+a=.5 +b=.2",
    change: { from: 1, ipam: { rangeStart: "10.0.0.2", rangeEnd: "10.0.0.4" } },
  },
  {
    name: "begins with the first when the last one lies before the range",
    ipam: { ...FIVE, rangeEnd: "10.0.0.3" },
    script: "+a=.2 +b=.5",
    change: { from: 1, ipam: { rangeStart: "10.0.0.5", rangeEnd: "10.0.0.6" } },
  },
  {
    name: "takes the ranges of a set in the order of the netconf, then the first again",
    ipam: DESCENDING,
    script: "+a=1.2 +b=0.2 +c=full -a +d=1.2",
  },
  {
    name: "goes on with the next range of a set although the last address is free again",
    ipam: DESCENDING,
    script: "+a=1.2 -a +b=0.2 -b +c=1.2",
  },
  {
    name: "leaves out what is excluded and what is fixed",
    ipam: { ...FIVE, exclude: ["10.0.0.3"], fixedStart: "10.0.0.5", fixedEnd: "10.0.0.6" },
    script: "+a=.2 +b=.4 +c=full",
  },
];

const LOWEST: readonly Row[] = [
  { name: "gives the lowest free one", ipam: FIVE, script: "+a=.2 +b=.3 +c=.4 -b +d=.3 -a +e=.2" },
  {
    name: "takes the ranges of a set in the order of the netconf",
    ipam: DESCENDING,
    script: "+a=1.2 +b=0.2 -a +c=1.2 +d=full",
  },
];

for (const [allocation, rows] of [["sequential", SEQUENTIAL], ["lowest", LOWEST]] as const) {
  for (const { name, ipam, script, change } of rows) {
    Deno.test(`ADD with allocation "${allocation}" ${name}`, async () => {
      await using sandbox = await makeSandbox();
      const common = { allocation, cooldown: "0s" };
      for (const [index, step] of script.split(" ").entries()) {
        const changed = change !== undefined && index >= change.from ? change.ipam : {};
        const netconf = sandbox.netconf({ ...common, ...ipam, ...changed });
        const [verb = "", id = ""] = step;
        if (verb === "-") {
          assertSilent(await sandbox.call(callFor("DEL", id, { netconf })));
        } else if (step.endsWith("=full")) {
          assertRefused(await sandbox.call(callFor("ADD", id, { netconf })), 100);
        } else {
          const ip = await addressFor(sandbox, id, { netconf });
          const expected = step.slice(3);
          assertEquals(ip.slice(-expected.length), expected, `${step} of ${script}: ${ip}`);
        }
      }
      await entriesIn(sandbox);
    });
  }
}

for (const allocation of ["random", "sequential"]) {
  Deno.test(`ADD with allocation "${allocation}" gives a cooling address only when nothing else is free`, async () => {
    await using sandbox = await makeSandbox();
    const netconf = sandbox.netconf({ rangeEnd: "10.1.0.4", allocation, cooldown: "1h" });
    const first = await addressFor(sandbox, "c1", { netconf });
    assertSilent(await sandbox.call(callFor("DEL", "c1", { netconf })));
    assertEquals((await keysIn(sandbox, "expiring")).length, 1);
    const others = [
      await addressFor(sandbox, "c2", { netconf }),
      await addressFor(sandbox, "c3", { netconf }),
    ];
    assertEquals([first, ...others].sort(), ["10.1.0.2", "10.1.0.3", "10.1.0.4"]);
    assertEquals(await addressFor(sandbox, "c4", { netconf }), first);
    assertEquals(await keysIn(sandbox, "expiring"), []);
  });
}

Deno.test("ADD reuses the address that has cooled longest", async () => {
  await using sandbox = await makeSandbox();
  const netconf = sandbox.netconf({
    rangeEnd: "10.1.0.3",
    allocation: "sequential",
    cooldown: "1h",
  });
  const first = await addressFor(sandbox, "c1", { netconf });
  const second = await addressFor(sandbox, "c2", { netconf });
  assertNotEquals(first, second);
  for (const id of ["c2", "c1"]) assertSilent(await sandbox.call(callFor("DEL", id, { netconf })));
  assertEquals(await addressFor(sandbox, "c3", { netconf }), second);
  assertEquals(await addressFor(sandbox, "c4", { netconf }), first);
});
