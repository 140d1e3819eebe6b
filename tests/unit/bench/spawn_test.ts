import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Program } from "../../../bench/measure/libc.ts";
import { startSpawner } from "../../../bench/measure/spawn.ts";

/** Runs a shell script from stdin; real processes, as these are what it is for. */
async function withScript(
  script: string,
  use: (program: Program, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/in`, script);
    await use({
      path: "/bin/sh",
      env: { WORD: "a b" },
      stdin: `${folder}/in`,
      stdout: `${folder}/out`,
      stderr: `${folder}/err`,
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const NEVER = new AbortController().signal;

Deno.test("a process gets its environment and stdin; its end and output are told", async () => {
  await withScript('echo "$WORD"; echo sorry >&2; exit 3', async (program, folder) => {
    await using spawner = startSpawner(NEVER);
    const [ended] = await spawner.run([program]);
    assertEquals(ended?.code, 3);
    assert((ended?.wallMs ?? 0) > 0);
    assertEquals(await Deno.readTextFile(`${folder}/out`), "a b\n");
    assertEquals(await Deno.readTextFile(`${folder}/err`), "sorry\n");
  });
});

Deno.test("no more live at once than may, and each end is told of its own program", async () => {
  // Each makes a folder that only one may have at a time.
  await withScript(
    'mkdir "$0.lock" 2>/dev/null || exit 9; rmdir "$0.lock"',
    async (program, folder) => {
      const script = `mkdir ${folder}/lock || exit 9; rmdir ${folder}/lock; exit $CODE`;
      await Deno.writeTextFile(program.stdin, script);
      await using spawner = startSpawner(NEVER);
      const codes = [4, 5, 6, 7];
      const programs = codes.map((code) => ({ ...program, env: { CODE: String(code) } }));
      const ended = await spawner.run(programs, { atOnce: 1 });
      assertEquals(ended.map(({ index, code }) => [index, code]), [
        [0, 4],
        [1, 5],
        [2, 6],
        [3, 7],
      ]);
      await Deno.writeTextFile(program.stdin, "exit $CODE");
      const together = await spawner.run(programs, { atOnce: 4 });
      assertEquals(together.map(({ code }) => code), codes);
    },
  );
});

Deno.test("what is not done in time is killed, and nothing more is started", async () => {
  await withScript("exec sleep 600", async (program) => {
    await using spawner = startSpawner(NEVER);
    const ended = await spawner.run([program, program, program], { atOnce: 2, limitMs: 50 });
    assertEquals(ended.map(({ code }) => code), [137, 137]);
  });
});

Deno.test("an abort kills what lives", async () => {
  await withScript("echo $$; exec sleep 600", async (program, folder) => {
    const ending = new AbortController();
    await using spawner = startSpawner(ending.signal);
    const running = spawner.run([program]);
    running.catch(() => {});
    let pid = "";
    while (pid === "") {
      await new Promise((resolve) => setTimeout(resolve, 5));
      pid = (await Deno.readTextFile(`${folder}/out`).catch(() => "")).trim();
    }
    ending.abort(new Error("Interrupted"));
    await assertRejects(() => running, Error, "Interrupted");
    await assertRejects(() => Deno.stat(`/proc/${pid}`), Deno.errors.NotFound);
  });
});

Deno.test("a program that is not there is an error", async () => {
  await withScript("", async (program) => {
    await using spawner = startSpawner(NEVER);
    await assertRejects(() => spawner.run([{ ...program, path: "/nonexistent" }]), Error);
  });
});
