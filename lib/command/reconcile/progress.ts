/**
 * A line on the terminal that tells how far reconcile is.
 *
 * Drawn here: a package for it would be one more of CommonJS in the executable that every ADD starts, for one line.
 *
 * @module
 */
import type { ReconcileStep } from "./work.ts";

const WIDTH = 24;
/** Milliseconds between two drawings of one step. */
const EVERY_MS = 100;
const CLEAR = "\r\x1b[2K";

/** Where it is drawn. */
export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Elsewhere nothing is drawn. */
  readonly isTerminal: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Tells steps; dispose of it before anything else is written. */
export interface Progress extends Disposable {
  readonly onStep: (step: ReconcileStep) => void;
}

/** Begins to tell. */
export function startProgress({ write, isTerminal, now }: ProgressOptions): Progress {
  let [title, drawnMs] = ["", -Infinity];
  return {
    onStep: (step) => {
      const isLast = step.done === step.total;
      if (!isTerminal || (step.title === title && !isLast && now() - drawnMs < EVERY_MS)) return;
      [title, drawnMs] = [step.title, now()];
      write(CLEAR + formatStep(step));
    },
    [Symbol.dispose]: () => {
      if (title !== "") write(CLEAR);
    },
  };
}

/** One step on one line: a bar where its end is known. */
export function formatStep({ title, done, total }: ReconcileStep): string {
  if (total === undefined) return `${title}: ${done}`;
  const full = total === 0 ? WIDTH : Math.floor(WIDTH * Math.min(1, done / total));
  return `${title} [${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${done}/${total}`;
}
