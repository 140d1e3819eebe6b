import { assertEquals, assertThrows } from "@std/assert";
import { parseSampleKind, SAMPLE_KINDS, sampleNetconf } from "../../../lib/command/outputconf.ts";
import { parseNetconf } from "../../../lib/config/json.ts";

Deno.test("sampleNetconf() is JSON that names its kind", () => {
  for (const kind of SAMPLE_KINDS) {
    const text = sampleNetconf(kind);
    parseNetconf(text);
    assertEquals(
      text.includes(kind === "kube-router" ? "kube-bridge" : `"type": "${kind}"`),
      true,
      kind,
    );
  }
});

Deno.test("parseSampleKind() knows the documented kinds only", () => {
  assertEquals(SAMPLE_KINDS.map(parseSampleKind), [...SAMPLE_KINDS]);
  assertThrows(() => parseSampleKind("flannel"), SyntaxError, 'current value is "flannel"');
});
