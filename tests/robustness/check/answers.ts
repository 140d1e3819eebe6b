/**
 * Whether each process answered as it must: with what is ours, in time, and with nothing else on stdout.
 *
 * @module
 */
import { CODES } from "../../../lib/cni/errors.ts";
import { isRecord } from "../../../lib/cni/values.ts";
import type { CallRecord, Violation } from "../history.ts";
import { grantedBy } from "./holdings.ts";

/** The deadline of a call, and what a machine that is busy with everything else takes to start and end a process. */
const LONGEST_MS = 10_000 + 6_000;
const KNOWN: ReadonlySet<unknown> = new Set(
  Object.values(CODES).filter((code) => code !== CODES.internal),
);
/** These are for people and timers: their time is that of the whole cluster. */
const COMMANDS: readonly string[] = ["replay", "reconcile"];

/**
 * Checks the answers.
 *
 * @param calls The processes.
 * @returns What is wrong.
 */
export function answers(calls: readonly CallRecord[]): readonly Violation[] {
  return calls.flatMap((call) =>
    problemsOf(call).map((problem): Violation => ({
      kind: call.verb === "CHECK" && codeOf(call) === CODES.checkFailed ? "lost" : "answer",
      text: `${call.verb} ${call.attachment?.containerId ?? ""} on ${call.node} at ${
        new Date(call.startMs).toISOString()
      }: ${problem}`,
    }))
  );
}

/** The code of an error; undefined where there is none. */
export function codeOf({ exit, stdout }: CallRecord): unknown {
  const answer = exit === 1 ? parsed(stdout) : undefined;
  return isRecord(answer) ? answer["code"] : undefined;
}

function problemsOf(call: CallRecord): readonly string[] {
  const { verb, killed, exit, stderr, startMs, endMs } = call;
  if (killed === "overdue") return ["it did not end by itself"];
  if (killed !== undefined) return [];
  const problems: string[] = [];
  const isCommand = COMMANDS.includes(verb);
  if (exit !== 0 && exit !== 1) problems.push(`it exited with ${exit ?? "a signal"}: ${stderr}`);
  if (!isCommand && stderr !== "") problems.push(`it wrote to stderr: ${stderr}`);
  if (!isCommand && endMs - startMs > LONGEST_MS) {
    problems.push(`it took ${Math.round(endMs - startMs)} ms`);
  }
  return [
    ...problems,
    ...(isCommand ? ofCommand(call) : exit === 1 ? ofError(call) : ofResult(call)),
  ];
}

/** One object, or one for each line. */
function ofCommand({ stdout }: CallRecord): readonly string[] {
  const lines = parsed(stdout) === undefined ? stdout.split("\n") : [];
  return lines.filter((line) => line !== "" && parsed(line) === undefined)
    .map((line) => `stdout is no JSON: ${line}`);
}

function ofError(call: CallRecord): readonly string[] {
  const answer = parsed(call.stdout);
  if (!isRecord(answer)) return [`the error is no JSON: ${call.stdout}`];
  const { code, msg } = answer;
  if (!KNOWN.has(code) || typeof msg !== "string") {
    return [`the error is none of ours: ${call.stdout}`];
  }
  const isLost = call.verb === "CHECK" && code === CODES.checkFailed;
  return isLost ? [`what it holds is not recorded: ${call.stdout}`] : [];
}

function ofResult(call: CallRecord): readonly string[] {
  if (call.verb !== "ADD") return call.stdout === "" ? [] : [`stdout is not empty: ${call.stdout}`];
  return grantedBy(call).length === 1 ? [] : [`the result has not one address: ${call.stdout}`];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
