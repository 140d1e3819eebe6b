import { assertEquals } from "@std/assert";
import { addressesOf, programOf } from "../../../bench/measure/load.ts";
import type { Caller } from "../../../bench/caller.ts";

Deno.test("addressesOf() reads results of every version, and nothing of what is none", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/16"},{"address":"fd00::2/64"}]}', [
      "10.0.0.2",
      "fd00::2",
    ]],
    ['{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/16"},"ip6":{"ip":"fd00::2/64"}}', [
      "10.0.0.2",
      "fd00::2",
    ]],
    ['{"code":11,"msg":"no"}', []],
    ["", []],
    ["null", []],
  ];
  for (const [text, addresses] of cases) assertEquals(addressesOf(text), addresses, text);
});

Deno.test("a container is always on the same node", () => {
  const caller: Caller = { name: "x", of: "ours", path: "/x", netconfs: ["/n0", "/n1", "/n2"] };
  const nodes = (verb: string): readonly string[] =>
    [0, 1, 2, 3, 4].map((container) => programOf(caller, { verb, container, files: "/out" }).stdin);
  assertEquals(nodes("ADD"), ["/n0", "/n1", "/n2", "/n0", "/n1"]);
  assertEquals(nodes("DEL"), nodes("ADD"));
});
