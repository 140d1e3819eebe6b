/**
 * All checks of what happened in a run.
 *
 * @module
 */
import type { History, Violation } from "../history.ts";
import { answers } from "./answers.ts";
import { unbacked } from "./backed.ts";
import { doubled } from "./doubled.ts";
import { foreign } from "./foreign.ts";
import { holdingsOf } from "./holdings.ts";
import { repeated } from "./repeated.ts";
import { kept } from "./kept.ts";
import { transitions } from "./transitions.ts";
import { wishes } from "./wishes.ts";

/**
 * Checks a history.
 *
 * @param history What happened.
 * @returns What is wrong; nothing where all is well.
 */
export function checkHistory(history: History): readonly Violation[] {
  const holdings = holdingsOf(history);
  return [
    ...answers(history.calls),
    ...doubled(holdings),
    ...repeated(holdings),
    ...unbacked(holdings, history.changes),
    ...transitions(history),
    ...wishes(history),
    ...kept(history.changes),
    ...foreign(history),
  ];
}
