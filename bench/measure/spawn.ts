/**
 * Runs processes and tells of each how long it lived, what it used and how it ended.
 *
 * A thread of its own starts and reaps them with `posix_spawn` and `wait4`; `Deno.Command` would add what the event loop does
 * in between, and knows no processor time. Where libc cannot be opened it is used all the same, and processor time is unknown.
 *
 * @module
 */
import { openLibc, type Program } from "./libc.ts";

/** A process that ended. */
export interface Ended {
  /** Its place among the programs that were asked for. */
  readonly index: number;
  readonly code: number;
  /** From just before it was started to its end. */
  readonly wallMs: number;
  /** When it ended, counted from the start of the first. */
  readonly endedMs: number;
  /** User and system time; undefined where it cannot be told. */
  readonly cpuMs?: number;
}

/** How a batch of processes is run. */
export interface RunOptions {
  /** How many may live at the same time. Default 1. */
  readonly atOnce?: number;
  /** After this long those that live are killed and no further one is started. Default no limit. */
  readonly limitMs?: number;
}

/** Sent to the thread: a batch. */
export interface SpawnOrder {
  readonly kind: "spawn";
  readonly programs: readonly Program[];
  readonly atOnce: number;
  /** Shared: at first whether to stop, then the ids of those that live, so that they can be ended from outside. */
  readonly pids: Int32Array;
}

/** Sent to the thread: one process whose memory is watched. */
export interface RssOrder {
  readonly kind: "rss";
  readonly program: Program;
}

/** Runs processes; dispose of it. */
export interface Spawner extends AsyncDisposable {
  /** Runs a batch to its end, in the order given. */
  run(programs: readonly Program[], options?: RunOptions): Promise<readonly Ended[]>;
  /** The largest resident set of one process, in kilobytes; undefined where it cannot be told. */
  peakRss(program: Program): Promise<number | undefined>;
}

/** How often those that live are ended, once it is to stop. */
const STOP_MS = 20;

/**
 * Starts a spawner.
 *
 * @param signal Ends the processes that are under way, and rejects what waits for them.
 * @returns The spawner.
 */
export function startSpawner(signal: AbortSignal): Spawner {
  // The thread opens it for itself: here it is only tried.
  using libc = openLibc();
  return libc === undefined ? commandSpawner(signal) : threadSpawner(signal);
}

function threadSpawner(signal: AbortSignal): Spawner {
  const worker = new Worker(new URL("./spawn_worker.ts", import.meta.url), { type: "module" });
  let last: Promise<unknown> = Promise.resolve();

  function ask<T>(
    order: SpawnOrder | RssOrder,
    { read, limitMs }: { readonly read: (result: unknown) => T; readonly limitMs?: number },
  ): Promise<T> {
    signal.throwIfAborted();
    const answer = new Promise<T>((resolve, reject) => {
      // Again and again: one may be started in just this moment.
      let killing: ReturnType<typeof setInterval> | undefined;
      const stop = (): void => {
        if (order.kind === "spawn") killing ??= setInterval(() => killAll(order.pids), STOP_MS);
      };
      signal.addEventListener("abort", stop, { once: true });
      const late = limitMs === undefined ? undefined : setTimeout(stop, limitMs);
      worker.onmessage = ({ data }: MessageEvent<{ error?: string; result?: unknown }>) => {
        signal.removeEventListener("abort", stop);
        clearTimeout(late);
        clearInterval(killing);
        if (signal.aborted) reject(signal.reason);
        else if (data.error !== undefined) reject(new Error(data.error));
        else resolve(read(data.result));
      };
      worker.postMessage(order);
    });
    last = answer.catch(() => {});
    return answer;
  }

  return {
    run: (programs, { atOnce = 1, limitMs } = {}) => {
      const pids = new Int32Array(new SharedArrayBuffer(4 * (1 + programs.length)));
      return ask({ kind: "spawn", programs, atOnce, pids }, {
        // What our own worker sends.
        read: (result) => result as readonly Ended[],
        ...(limitMs === undefined ? {} : { limitMs }),
      });
    },
    peakRss: (program) => ask({ kind: "rss", program }, { read: Number }),
    [Symbol.asyncDispose]: async () => {
      await last;
      worker.terminate();
    },
  };
}

function killAll(pids: Int32Array): void {
  Atomics.store(pids, 0, 1);
  for (let index = 1; index < pids.length; index++) {
    const pid = Atomics.load(pids, index);
    if (pid <= 0) continue;
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It ended in this moment.
    }
  }
}

function commandSpawner(signal: AbortSignal): Spawner {
  return {
    run: async (programs, { atOnce = 1, limitMs } = {}) => {
      const limit = limitMs === undefined ? [] : [AbortSignal.timeout(limitMs)];
      const stop = AbortSignal.any([signal, ...limit]);
      const ended: Ended[] = [];
      const begunMs = performance.now();
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < programs.length && !stop.aborted) {
          const index = next++;
          const program = programs[index];
          if (program === undefined) return;
          const startedMs = performance.now();
          const code = await runCommand(program, stop);
          const endedMs = performance.now();
          ended.push({
            index,
            code,
            wallMs: endedMs - startedMs,
            endedMs: endedMs - begunMs,
          });
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
      signal.throwIfAborted();
      return ended.sort((a, b) => a.index - b.index);
    },
    peakRss: () => Promise.resolve(undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function runCommand(program: Program, signal: AbortSignal): Promise<number> {
  const process = new Deno.Command(program.path, {
    env: { ...program.env },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).spawn();
  const writer = process.stdin.getWriter();
  // A program that never reads its stdin may be gone by now.
  await writer.write(await Deno.readFile(program.stdin)).then(() => writer.close())
    .catch(() => {});
  const { code, stdout, stderr } = await process.output();
  await Deno.writeFile(program.stdout, stdout);
  await Deno.writeFile(program.stderr, stderr);
  return code;
}
