import { assertEquals, assertThrows } from "@std/assert";
import { readFlags, UsageError } from "../../robustness/flags.ts";

const OPTIONS = { defects: ["claim-guard", "release-guard"], seed: "drawn" };

Deno.test("readFlags() takes fractions of minutes, any seed, and draws one where none is given", () => {
  assertEquals(readFlags(["--minutes", "0.5", "--seed", "7"], OPTIONS), {
    help: false,
    minutes: 0.5,
    seed: "7",
    keep: false,
    report: undefined,
    defects: [],
  });
  assertEquals(readFlags([], OPTIONS).seed, "drawn");
});

Deno.test("readFlags() names one defect or all", () => {
  assertEquals(readFlags(["--defects"], OPTIONS).defects, OPTIONS.defects);
  assertEquals(readFlags(["--defect", "claim-guard"], OPTIONS).defects, ["claim-guard"]);
});

Deno.test("readFlags() refuses what it does not know", () => {
  for (const minutes of ["0", "-1", "x", "Infinity", ""]) {
    assertThrows(() => readFlags([`--minutes=${minutes}`], OPTIONS), UsageError, "--minutes");
  }
  assertThrows(() => readFlags(["--defect", "other"], OPTIONS), UsageError, "claim-guard");
  assertThrows(() => readFlags(["--fast"], OPTIONS), UsageError);
});
