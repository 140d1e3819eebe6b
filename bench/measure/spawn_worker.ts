/**
 * The thread that starts the measured processes and waits for them: it does nothing else, so that both moments are exact.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { type Libc, openLibc, type Program } from "./libc.ts";
import type { Ended, RssOrder, SpawnOrder } from "./spawn.ts";

const libc = openLibc();

/** What is under way: by process id, its place in the order and its start. */
type UnderWay = Map<number, { readonly index: number; readonly startedMs: number }>;

self.onmessage = ({ data }: MessageEvent<SpawnOrder | RssOrder>) => {
  try {
    if (libc === undefined) throw new Error("Cannot measure as libc cannot be opened");
    self.postMessage({
      result: data.kind === "rss" ? peakRss(libc, data) : runAll(libc, data),
    });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};

function runAll(libc: Libc, { programs, atOnce, pids }: SpawnOrder): readonly Ended[] {
  const underWay: UnderWay = new Map();
  const ended: (Ended | undefined)[] = programs.map(() => undefined);
  const begunMs = performance.now();
  let next = 0;
  while (next < programs.length || underWay.size > 0) {
    if (Atomics.load(pids, 0) === 1) next = programs.length;
    if (next < programs.length && underWay.size < atOnce) {
      const index = next++;
      start(libc, { program: programs[index], index, underWay, pids });
      continue;
    }
    if (underWay.size === 0) break;
    const { pid, code, cpuMs } = libc.reap();
    const endedMs = performance.now();
    const known = underWay.get(pid);
    if (known === undefined) continue;
    underWay.delete(pid);
    Atomics.store(pids, known.index + 1, 0);
    ended[known.index] = {
      index: known.index,
      code,
      cpuMs,
      wallMs: endedMs - known.startedMs,
      endedMs: endedMs - begunMs,
    };
  }
  return ended.filter((one) => one !== undefined);
}

function start(
  libc: Libc,
  options: {
    readonly program: Program | undefined;
    readonly index: number;
    readonly underWay: UnderWay;
    readonly pids: Int32Array;
  },
): void {
  const { program, index, underWay, pids } = options;
  if (program === undefined) return;
  const startedMs = performance.now();
  const pid = libc.spawn(program);
  underWay.set(pid, { index, startedMs });
  Atomics.store(pids, index + 1, pid);
}

/** The kernel's own peak, while the process lives: `ru_maxrss` begins with the size of the program that started it. */
function peakRss(libc: Libc, { program }: RssOrder): number {
  const pid = libc.spawn(program);
  let kilobytes = 0;
  for (;;) {
    const seen = readPeak(pid);
    if (seen === undefined) break;
    kilobytes = Math.max(kilobytes, seen);
  }
  libc.reap();
  return kilobytes;
}

/** Undefined once the process ended: what is left of it has no memory. */
function readPeak(pid: number): number | undefined {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  return found === null ? undefined : Number(found[1]);
}
