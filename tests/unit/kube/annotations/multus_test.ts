/** The annotation of Multus, in both of its forms. */
import { assertEquals } from "@std/assert";
import { isLastInterface, parseMultus } from "../../../../lib/kube/annotations/multus.ts";

for (
  const [text, expected] of [
    [undefined, "none"],
    ["", "none"],
    [" ", "none"],
    ["[]", "none"],
    ["a", "a@net1"],
    ["ns/a@eth1 , b,c", "a@eth1 b@net2 c@net3"],
    ['[{"name":"a"}]', "a@net1"],
    [
      '[{"name":"a","namespace":"ns","interface":"eth1","ips":["10.1.0.5"]},{"name":"b"}]',
      "a@eth1 b@net2",
    ],
    ['[{"name":"a","interface":""},{"name":"b","interface":null}]', "a@net1 b@net2"],
    ["a,", "unreadable"],
    ["a b", "unreadable"],
    ["a/b/c", "unreadable"],
    ["[", "unreadable"],
    ['{"name":"a"}', "unreadable"],
    ['"a"', "unreadable"],
    ["[1]", "unreadable"],
    ["[null]", "unreadable"],
    ['[{"name":""}]', "unreadable"],
    ['[{"interface":"a"}]', "unreadable"],
    ['[{"name":"a","interface":1}]', "unreadable"],
    [`${"[".repeat(100_000)}`, "unreadable"],
  ] as const
) {
  Deno.test(`parseMultus() reads ${text?.slice(0, 90)}`, () => {
    const multus = parseMultus(text);
    const shown = multus.kind === "list"
      ? multus.networks.map(({ name, ifName }) => `${name}@${ifName}`).join(" ")
      : multus.kind;
    assertEquals(shown, expected);
  });
}

Deno.test("isLastInterface() knows the last one, where there is one", () => {
  const list = parseMultus("a,b@data,c");
  assertEquals(["eth0", "net1", "data", "net2"].filter((one) => isLastInterface(list, one)), []);
  assertEquals(isLastInterface(list, "net3"), true);
  assertEquals(isLastInterface(parseMultus(undefined), "eth0"), false);
  assertEquals(isLastInterface(parseMultus("["), "net1"), false);
});
