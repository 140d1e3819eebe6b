import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CniError } from "../../../lib/cni/errors.ts";
import { parseValidAttachments } from "../../../lib/cni/valid_attachments.ts";

const NEW = "cni.dev/valid-attachments";
const OLD = "cni.dev/attachments";
const ENTRY = { containerID: "c1", ifname: "eth0" };
const PARSED = { containerId: "c1", ifName: "eth0" };

for (const key of [NEW, OLD]) {
  Deno.test(`parseValidAttachments() reads ${key}`, () => {
    const list = [ENTRY, { containerID: "c2", ifname: "net1", other: 1 }];
    assertEquals(parseValidAttachments({ [key]: list }), [
      PARSED,
      { containerId: "c2", ifName: "net1" },
    ]);
  });

  Deno.test(`parseValidAttachments() takes an empty ${key} for an empty list`, () => {
    assertEquals(parseValidAttachments({ [key]: [] }), []);
  });

  for (const list of ["c1", {}, 0, false]) {
    Deno.test(`parseValidAttachments() refuses ${JSON.stringify(list)} as ${key}`, () => {
      const error = assertThrows(() => parseValidAttachments({ [key]: list }), CniError);
      assertEquals(error.code, 7);
      assertStringIncludes(error.details ?? "", key);
    });
  }
}

Deno.test("parseValidAttachments() reads the name of the specification first", () => {
  assertEquals(parseValidAttachments({ [OLD]: [ENTRY], [NEW]: [] }), []);
  assertEquals(parseValidAttachments({ [OLD]: [], [NEW]: [ENTRY] }), [PARSED]);
  assertEquals(parseValidAttachments({ [OLD]: [ENTRY], [NEW]: null }), [PARSED]);
});

for (const netconf of [{}, { [NEW]: null }, { [NEW]: undefined, [OLD]: null }]) {
  Deno.test(`parseValidAttachments() never takes ${Object.keys(netconf).length} empty keys for an empty list`, () => {
    const error = assertThrows(() => parseValidAttachments(netconf), CniError, NEW);
    assertEquals(error.code, 7);
  });
}

Deno.test("parseValidAttachments() trims as ADD does", () => {
  const list = [{ containerID: " c1 ", ifname: "eth0\n" }];
  assertEquals(parseValidAttachments({ [NEW]: list }), [PARSED]);
});

const BAD: readonly (readonly [unknown, string])[] = [
  [null, "[1]"],
  ["c1", "[1]"],
  [["c1", "eth0"], "[1]"],
  [{ ifname: "eth0" }, "[1].containerID"],
  [{ containerID: "c1" }, "[1].ifname"],
  [{ containerID: "c1", ifName: "eth0" }, "[1].ifname"],
  [{ containerID: 1, ifname: "eth0" }, "[1].containerID"],
  [{ containerID: "", ifname: "eth0" }, "[1].containerID"],
  [{ containerID: "a/b", ifname: "eth0" }, "[1].containerID"],
  [{ containerID: "c1", ifname: " " }, "[1].ifname"],
  [{ containerID: "c1", ifname: "x".repeat(16) }, "[1].ifname"],
];
for (const [entry, path] of BAD) {
  Deno.test(`parseValidAttachments() refuses ${JSON.stringify(entry)} and names ${path}`, () => {
    const error = assertThrows(() => parseValidAttachments({ [NEW]: [ENTRY, entry] }), CniError);
    assertEquals(error.code, 7);
    assertStringIncludes(error.details ?? "", `${NEW}${path}`);
  });
}
