/** The list of running containers. */
import { assertEquals, assertThrows } from "@std/assert";
import { parseRunning } from "../../../../lib/ipam/reconcile/running.ts";

const ID = "4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de4f0c9a77b1de0001";

for (
  const [title, text, containerId, expected] of [
    ["a whole ID", `other\n${ID}\n`, ID, true],
    ["white space around it", `  ${ID}\r\n\n`, ID, true],
    ["the first twelve digits", ID.slice(0, 12), ID, true],
    ["fewer digits", ID.slice(0, 11), ID, false],
    ["the end of an ID", ID.slice(-12), ID, false],
    ["a name", "web", "web", true],
    ["the beginning of a name", "web-server-one", "web-server-one-2", false],
    ["an ID behind the namespace of nerdctl", ID, `default-${ID}`, true],
    ["the word for nothing", "none\n", ID, false],
    ["an empty line and an empty ID", "other\n\n", "", false],
  ] as const
) {
  Deno.test(`parseRunning() and ${title}`, () => {
    assertEquals(parseRunning(text)(containerId), expected);
  });
}

Deno.test("parseRunning() refuses an empty list: a command that failed prints one", () => {
  for (const text of ["", "\n \n"]) {
    assertThrows(() => parseRunning(text), SyntaxError, "--running is empty");
  }
});
