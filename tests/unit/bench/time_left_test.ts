import { assertEquals } from "@std/assert";
import { formatSeconds, secondsLeft } from "../../../bench/report/time_left.ts";

Deno.test("at first the plan is believed", () => {
  assertEquals(secondsLeft({ plannedSeconds: 100, doneSeconds: 2, elapsedSeconds: 30 }), 98);
});

Deno.test("later the rest goes at the pace so far", () => {
  assertEquals(secondsLeft({ plannedSeconds: 100, doneSeconds: 20, elapsedSeconds: 40 }), 160);
  assertEquals(secondsLeft({ plannedSeconds: 100, doneSeconds: 50, elapsedSeconds: 25 }), 25);
});

Deno.test("a run that takes longer than planned is never late by less than nothing", () => {
  assertEquals(secondsLeft({ plannedSeconds: 100, doneSeconds: 110, elapsedSeconds: 300 }), 0);
});

Deno.test("formatSeconds() uses minutes where there are some", () => {
  assertEquals([0.4, 59.6, 200].map(formatSeconds), ["0 s", "1 min 0 s", "3 min 20 s"]);
});
