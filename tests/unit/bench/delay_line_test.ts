import { assertEquals } from "@std/assert";
import { type Clock, delayLine } from "../../../bench/network/delay_line.ts";

/** A clock that a sleep moves on, a moment later: by what was asked for, or by less. */
function clock(pace = 1): Clock & { time: number; readonly sleeps: number[] } {
  const one = {
    time: 0,
    sleeps: [] as number[],
    now: () => one.time,
    sleep: async (ms: number) => {
      const until = one.time + ms * pace;
      one.sleeps.push(ms);
      await Promise.resolve();
      one.time = Math.max(one.time, until);
    },
  };
  return one;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

Deno.test("each thing is done when its own time is over, in the order they came", async () => {
  const time = clock();
  const done: [string, number][] = [];
  const line = delayLine(10, time);
  line(() => done.push(["a", time.time]));
  time.time = 4;
  line(() => done.push(["b", time.time]));
  line(() => done.push(["c", time.time]));
  await settle();
  assertEquals(done, [["a", 10], ["b", 14], ["c", 14]]);
});

Deno.test("what comes later does not wait for the delay of what came before", async () => {
  const time = clock();
  const done: number[] = [];
  const line = delayLine(10, time);
  for (let index = 0; index < 100; index++) line(() => done.push(time.time));
  await settle();
  assertEquals(new Set(done), new Set([10]));
  assertEquals(time.sleeps, [10]);
});

Deno.test("a sleep that ends too early is followed by another: nothing is done before its time", async () => {
  const time = clock(0.5);
  const done: number[] = [];
  delayLine(8, time)(() => done.push(time.time));
  await settle();
  assertEquals(time.sleeps.slice(0, 3), [8, 4, 2]);
  assertEquals(done.length, 1);
  assertEquals(Math.round(done[0] ?? 0), 8);
});

Deno.test("a line that was empty goes on with the next thing", async () => {
  const time = clock();
  const done: number[] = [];
  const line = delayLine(10, time);
  line(() => done.push(time.time));
  await settle();
  time.time = 100;
  line(() => done.push(time.time));
  await settle();
  assertEquals(done, [10, 110]);
});
