/**
 * Tells how far a run got: a bar on a terminal, otherwise a line now and then. All of it on stderr; stdout is for the tables.
 *
 * @module
 */
// @ts-types="npm:@types/cli-progress@3.11.6"
import cliProgress from "cli-progress";
import process from "node:process";
import { formatSeconds, secondsLeft } from "./time_left.ts";

/** The progress of a run. */
export interface Progress extends Disposable {
  /** A scenario of so many planned seconds begins. */
  begin(title: string, seconds: number): void;
  /** The part of this scenario that is done, 0 to 1. */
  advance(part: number): void;
}

const PLAIN_EVERY_MS = 10_000;

/**
 * Starts to tell.
 *
 * @param plannedSeconds How long the run will take, as its scenarios say.
 * @returns The progress; dispose of it.
 */
export function startProgress(plannedSeconds: number): Progress {
  const startedMs = performance.now();
  const show = Deno.stderr.isTerminal() ? bar() : lines();
  let [title, seconds, before, done] = ["", 0, 0, 0];
  const tell = (): void => {
    const elapsedSeconds = (performance.now() - startedMs) / 1000;
    show.tell({
      title,
      percent: Math.min(100, Math.round(100 * done / Math.max(1, plannedSeconds))),
      left: formatSeconds(secondsLeft({ plannedSeconds, doneSeconds: done, elapsedSeconds })),
    });
  };
  return {
    begin: (next, planned) => {
      before += seconds;
      [title, seconds, done] = [next, planned, before];
      tell();
    },
    advance: (part) => {
      done = before + seconds * Math.min(1, part);
      tell();
    },
    [Symbol.dispose]: () => show.stop(),
  };
}

interface Seen {
  readonly title: string;
  readonly percent: number;
  readonly left: string;
}

interface Show {
  tell(seen: Seen): void;
  stop(): void;
}

function bar(): Show {
  const one = new cliProgress.SingleBar({
    format: "{bar} {percentage} % | {title} | about {left} left",
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  }, cliProgress.Presets.shades_classic);
  let isStarted = false;
  return {
    tell: ({ percent, ...rest }) => {
      if (isStarted) one.update(percent, rest);
      else one.start(100, percent, rest);
      isStarted = true;
    },
    stop: () => one.stop(),
  };
}

function lines(): Show {
  let last = "";
  let toldMs = -Infinity;
  return {
    tell: ({ title, percent, left }) => {
      const now = performance.now();
      if (title === last && now - toldMs < PLAIN_EVERY_MS) return;
      [last, toldMs] = [title, now];
      Deno.stderr.writeSync(
        new TextEncoder().encode(`${percent} % | ${title} | about ${left} left\n`),
      );
    },
    stop: () => {},
  };
}
