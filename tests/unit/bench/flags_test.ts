import { assertEquals, assertThrows } from "@std/assert";
import { OUT, readFlags, UsageError } from "../../../bench/flags.ts";

const SCENARIOS = ["start-up", "fill"];

Deno.test("readFlags() knows what is meant when nothing is said", () => {
  assertEquals(readFlags([], SCENARIOS), { quick: false, help: false, out: OUT, peers: [] });
});

Deno.test("readFlags() reads every option", () => {
  const args = [
    ...["--quick", "--only", "fill,start-up", "--out=/x", "--binary", "/b", "--from", "/f"],
    ...["--peer", "a=/p/a,conf=/c/a", "--peer", "b=/p,x=1,conf=/c"],
  ];
  assertEquals(readFlags(args, SCENARIOS), {
    quick: true,
    help: false,
    only: ["fill", "start-up"],
    out: "/x",
    binary: "/b",
    from: "/f",
    peers: [
      { name: "a", path: "/p/a", conf: "/c/a" },
      { name: "b", path: "/p,x=1", conf: "/c" },
    ],
  });
});

for (
  const args of [
    ["--fast"],
    ["30"],
    ["--only"],
    ["--only", "speed"],
    ["--only", "fill,"],
    ["--out", ""],
    ["--quick=yes"],
    ["--peer", "a=/p"],
    ["--peer", "/p,conf=/c"],
  ]
) {
  Deno.test(`readFlags() refuses ${args.join(" ")}`, () => {
    assertThrows(() => readFlags(args, SCENARIOS), UsageError);
  });
}

Deno.test("readFlags() names the scenarios there are", () => {
  assertThrows(
    () => readFlags(["--only", "speed"], SCENARIOS),
    UsageError,
    'only start-up, fill: current value is "speed"',
  );
});
