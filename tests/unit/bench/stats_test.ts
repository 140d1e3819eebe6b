import { assertEquals } from "@std/assert";
import { median, summarize } from "../../../bench/measure/stats.ts";

Deno.test("summarize() gives the quantiles of samples in any order", () => {
  const samples = Array.from({ length: 101 }, (_, index) => (index * 37) % 101);
  assertEquals(summarize(samples), {
    count: 101,
    min: 0,
    p50: 50,
    p90: 90,
    p99: 99,
    max: 100,
    mean: 50,
  });
});

Deno.test("summarize() reckons between two samples", () => {
  assertEquals(summarize([10, 20])?.p50, 15);
  assertEquals(summarize([10, 20])?.p99, 19.9);
});

Deno.test("summarize() rounds to microseconds, and leaves the samples as they are", () => {
  const samples = [2.00049, 1.00051];
  assertEquals(summarize(samples)?.min, 1.001);
  assertEquals(summarize(samples)?.max, 2);
  assertEquals(samples, [2.00049, 1.00051]);
});

Deno.test("of no samples nothing is told", () => {
  assertEquals(summarize([]), undefined);
  assertEquals(median([]), undefined);
});

Deno.test("median() is the middle by number, not by text", () => {
  assertEquals(median([100, 9, 20]), 20);
});
