import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CniError } from "../../../lib/cni/errors.ts";
import { checkContainerId, checkIfName, checkNetworkName } from "../../../lib/cni/identifiers.ts";

for (const text of ["a", "0", "Pod_1.x-y", "f".repeat(64), "a-", "a.."]) {
  Deno.test(`checkContainerId() and checkNetworkName() take ${text}`, () => {
    assertEquals(checkContainerId(text), text);
    assertEquals(checkNetworkName(text), text);
  });
}

const BAD_NAMES = ["-a", "_a", ".a", "..", "a/b", "a b", "a\n", "a:b", "a%2f", "\u00e9", "a\u0000"];
for (const text of BAD_NAMES) {
  Deno.test(`checkContainerId() and checkNetworkName() refuse ${JSON.stringify(text)}`, () => {
    const id = assertThrows(() => checkContainerId(text), CniError, "CNI_CONTAINERID");
    assertEquals(id.code, 4);
    assertStringIncludes(id.details ?? "", JSON.stringify(text));
    const name = assertThrows(() => checkNetworkName(text), CniError, "Invalid network name");
    assertEquals(name.code, 7);
    assertStringIncludes(name.details ?? "", JSON.stringify(text));
  });
}

Deno.test("checkContainerId() refuses the empty text", () => {
  assertEquals(assertThrows(() => checkContainerId(""), CniError).code, 4);
});

for (const name of [undefined, null, ""]) {
  Deno.test(`checkNetworkName() says that ${JSON.stringify(name)} is missing`, () => {
    const error = assertThrows(() => checkNetworkName(name), CniError, "Missing network name");
    assertEquals(error.code, 7);
  });
}

for (const name of [1, true, ["net"], { name: "net" }]) {
  Deno.test(`checkNetworkName() refuses ${JSON.stringify(name)}, which is no string`, () => {
    const error = assertThrows(() => checkNetworkName(name), CniError, "Invalid network name");
    assertEquals(error.code, 7);
  });
}

for (
  const text of ["eth0", "a", "...", "net1.100", "a".repeat(15), "-x", "br@3", "\u00e9".repeat(7)]
) {
  Deno.test(`checkIfName() takes ${text}`, () => assertEquals(checkIfName(text), text));
}

const BAD_IF_NAMES: readonly (readonly [string, string])[] = [
  ["", "empty"],
  ["a".repeat(16), "15 bytes"],
  ["\u00e9".repeat(8), "15 bytes"],
  [".", "must not be"],
  ["..", "must not be"],
  ["a/b", "white space"],
  ["eth0:1", "white space"],
  ["a b", "white space"],
  ["a\tb", "white space"],
  ["a\n", "white space"],
  ["a\u0085", "white space"],
  ["a\u00a0b", "white space"],
  ["a\u2003b", "white space"],
];
for (const [text, rule] of BAD_IF_NAMES) {
  Deno.test(`checkIfName() refuses ${JSON.stringify(text)}`, () => {
    const error = assertThrows(() => checkIfName(text), CniError, "CNI_IFNAME");
    assertEquals(error.code, 4);
    assertStringIncludes(error.details ?? "", rule);
    assertStringIncludes(error.details ?? "", JSON.stringify(text));
  });
}
