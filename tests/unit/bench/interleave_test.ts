import { assertEquals } from "@std/assert";
import { interleave } from "../../../bench/measure/interleave.ts";

Deno.test("interleave() takes turns, warm-ups first", async () => {
  const turns: string[] = [];
  const parts: number[] = [];
  await interleave(["A", "B"], {
    runs: 3,
    warmUps: 1,
    once: (item, run) => Promise.resolve(void turns.push(`${item}${run}`)),
    advance: (part) => parts.push(part),
  });
  assertEquals(turns, ["A-1", "B-1", "A0", "B0", "A1", "B1", "A2", "B2"]);
  assertEquals(parts, [0.25, 0.5, 0.75, 1]);
});

Deno.test("interleave() starts a turn when the one before ended", async () => {
  let open = 0;
  await interleave([1, 2, 3], {
    runs: 2,
    once: async () => {
      assertEquals(++open, 1);
      await Promise.resolve();
      open--;
    },
  });
});
