/**
 * Processes that are killed while they change the SQLite file: at random moments, and at every single system call by which SQLite
 * changes it. Nothing that was answered is lost, nothing is given twice, and the file stays sound.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { addressFor, assertSilent, callFor, ipsOf } from "../../support/answers.ts";
import { seeded } from "../../support/allocator.ts";
import { testNeeding } from "../../support/needs.ts";
import { makeSandbox, type Sandbox } from "../../support/plugin.ts";
import {
  CHANGES,
  databaseOf,
  firstChange,
  heldIn,
  killed,
  soundEntries,
  STRIDE,
  traced,
} from "./_sqlite.ts";

const WORKERS = 6;
const ROUNDS = 12;
/** Fewer kills than in any run, so that a test cannot pass without some. */
const FEWEST = STRIDE === 1 ? 10 : 0;

Deno.test("nothing is lost or given twice where plugin processes are killed at random moments", async () => {
  await using box = await makeSandbox();
  const netconf = box.netconf({ rangeStart: "10.1.0.10", rangeEnd: "10.1.0.41", cooldown: "0s" });
  const seed = Math.floor(Math.random() * 1e6);
  const random = seeded(seed);
  const living = new Map<string, string>();
  const holderOf = (ip: string): string | undefined =>
    [...living].find(([, address]) => address === ip)?.[0];
  let kills = 0;
  let answers = 0;
  // How long so many calls at once take depends on the machine: most are killed on their way.
  const begun = performance.now();
  await Promise.all(
    Array.from(
      { length: WORKERS },
      (_, worker) => box.call(callFor("DEL", `w${worker}`, { netconf })),
    ),
  );
  const longestMs = Math.ceil(1.5 * (performance.now() - begun));
  const once = async (
    command: string,
    { id, turn = 1 }: { readonly id: string; readonly turn?: number },
  ): Promise<string | undefined> => {
    const call = callFor(command, id, { netconf });
    const afterMs = Number(random(BigInt(longestMs * turn)));
    const { code, stdout } = await killed(box, { call, afterMs });
    if (code === 137) kills++;
    else assertEquals(code, 0, `seed ${seed}: ${stdout}`);
    return stdout.endsWith("\n") || code === 0 ? stdout : undefined;
  };
  const work = async (worker: number): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = `w${worker}-${round}`;
      // One in four has all the time it needs.
      const stdout = await once("ADD", { id, turn: round % 4 === 0 ? 1000 : 1 });
      if (stdout !== undefined) {
        answers++;
        const ip = ipsOf(JSON.parse(stdout))[0] ?? "";
        assertEquals(holderOf(ip), undefined, `seed ${seed}: ${ip} is given twice`);
        living.set(id, ip);
      }
      if (round % 3 === 2) continue; // stays, so that there is always something to lose
      living.delete(id); // from here on it may be free
      for (let turn = 1; await once("DEL", { id, turn }) === undefined;) turn++;
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  const held = heldIn(await soundEntries(box));
  for (const [id, ip] of living) assertEquals(held.get(id), ip, `seed ${seed}: ${id} was answered`);
  for (const id of held.keys()) {
    assertEquals(Number(id.split("-")[1]) % 3, 2, `seed ${seed}: ${id} was deleted`);
  }
  assert(kills > 0 && answers > 0, `seed ${seed}: ${kills} killed, ${answers} answered`);
  for (let worker = 0; worker < WORKERS; worker++) {
    for (let round = 0; round < ROUNDS; round++) {
      const id = `w${worker}-${round}`;
      if (held.has(id)) assertSilent(await box.call(callFor("DEL", id, { netconf })));
    }
  }
  assertEquals(heldIn(await soundEntries(box)).size, 0);
});

/** Kills a call at one system call after the other, until none is left at which it could be killed. */
async function killEverywhere(
  box: Sandbox,
  { command, folder, before }: {
    readonly command: "ADD" | "DEL";
    /** What is done before each call; it returns the container's ID. */
    readonly before: (turn: number) => Promise<string>;
    /** Where the files are that it makes; by default those of the database. */
    readonly folder?: string;
  },
): Promise<number> {
  const netconf = box.netconf({ cooldown: "0s" });
  const file = databaseOf(box);
  const paths = folder === undefined ? [file, `${file}-wal`, `${file}-shm`] : [folder];
  let turn = 0;
  for (const name of CHANGES) {
    for (let at = firstChange();; at += STRIDE) {
      const id = await before(turn++);
      const was = heldIn(await soundEntries(box));
      const call = callFor(command, id, { netconf });
      const flags = ["-e", `trace=${name}`, "-e", `inject=${name}:signal=SIGKILL:when=${at}`];
      const { answer } = await traced(box, { call, paths, flags });
      const isKilled = answer.code === 137;
      const now = heldIn(await soundEntries(box));
      const others = (map: ReadonlyMap<string, string>) => [...map].filter(([one]) => one !== id);
      assertEquals(others(now), others(was), `${name} ${at}`);
      if (isKilled) assertEquals(answer.stdout, "", `${name} ${at}`);
      else assertEquals(answer.code, 0, answer.stdout);
      if (command === "ADD") {
        // Whatever became of it, the runtime calls again, and is told what is recorded.
        const ip = await addressFor(box, id, { netconf });
        if (now.has(id)) assertEquals(ip, now.get(id));
        assert(![...was.values()].includes(ip), `${ip} is given twice`);
      }
      assertSilent(await box.call(callFor("DEL", id, { netconf })));
      if (!isKilled) break;
    }
  }
  return turn;
}

testNeeding(["strace"], "an ADD killed at any change of the file leaves it sound", async () => {
  await using box = await makeSandbox();
  await addressFor(box, "stays", { netconf: box.netconf() });
  const turns = await killEverywhere(box, {
    command: "ADD",
    before: (turn) => Promise.resolve(`c${turn}`),
  });
  assert(turns > CHANGES.length + FEWEST, `${turns}`);
});

testNeeding(["strace"], "a DEL killed at any change of the file leaves it sound", async () => {
  await using box = await makeSandbox();
  const netconf = box.netconf({ cooldown: "0s" });
  await addressFor(box, "stays", { netconf });
  const turns = await killEverywhere(box, {
    command: "DEL",
    before: async (turn) => {
      await addressFor(box, `c${turn}`, { netconf });
      return `c${turn}`;
    },
  });
  assert(turns > CHANGES.length + FEWEST, `${turns}`);
});

testNeeding(
  ["strace"],
  "an ADD killed while it makes the file leaves none that is half made",
  async () => {
    const names = [...CHANGES, "?link", "linkat"];
    let kills = 0;
    for (const name of names) {
      for (let at = firstChange();; at += STRIDE) {
        await using box = await makeSandbox();
        const netconf = box.netconf({ cooldown: "0s" });
        const flags = ["-e", `trace=${name}`, "-e", `inject=${name}:signal=SIGKILL:when=${at}`];
        const call = callFor("ADD", "c1", { netconf });
        const { answer } = await traced(box, { call, paths: [], flags });
        if (answer.code !== 137) {
          assertEquals(answer.code, 0, answer.stdout);
          break;
        }
        kills++;
        const was = await soundEntries(box);
        const ip = await addressFor(box, "c1", { netconf });
        const [held] = heldIn(was).values();
        if (held !== undefined) assertEquals(ip, held);
        assertEquals(heldIn(await soundEntries(box)).size, 1);
      }
    }
    assert(kills > FEWEST, `${kills}`);
  },
);
