/**
 * `deno task bench`: what a call costs beside an empty program, other plugins and stand-ins, in one run and in turn.
 *
 * Flags, scenarios, report. Absolute times belong to the machine and the moment; the ratios are what to compare.
 *
 * @module
 */
import { type Flags, HELP, readFlags, UsageError } from "./flags.ts";
import { runScenarios } from "./run.ts";
import { drawPlots } from "./report/plots.ts";
import { formatReport, parseReport, type Report } from "./report/report.ts";
import { SCENARIOS } from "./scenarios/all.ts";

const NAMES = SCENARIOS.map(({ name }) => name);
const JSON_FILE = "figures.json";

if (import.meta.main) Deno.exit(await main(Deno.args));

/**
 * Runs the program.
 *
 * @param args The command line.
 * @returns The exit code: 2 when the command line is not understood, 130 when it was interrupted.
 */
export async function main(args: readonly string[]): Promise<number> {
  const flags = flagsOf(args);
  if (flags === undefined) return 2;
  if (flags.help) {
    print(HELP.replace("SCENARIOS", NAMES.join(", ")));
    return 0;
  }
  const ending = new AbortController();
  const interrupt = (): void => ending.abort(new Error("Interrupted"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  try {
    const report = flags.from === undefined
      ? await runScenarios({
        flags,
        scenarios: SCENARIOS.filter(({ name }) => flags.only?.includes(name) ?? true),
        commandLine: ["deno task bench", ...args].join(" "),
        signal: ending.signal,
      })
      : parseReport(await Deno.readTextFile(flags.from));
    await write(report, flags);
    print(formatReport(report));
    return 0;
  } catch (error) {
    complain(error);
    return ending.signal.aborted ? 130 : 1;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.removeSignalListener(signal, interrupt);
    }
  }
}

function flagsOf(args: readonly string[]): Flags | undefined {
  try {
    return readFlags(args, NAMES);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(error);
    return undefined;
  }
}

async function write(report: Report, { out, from }: Flags): Promise<void> {
  await Deno.mkdir(out, { recursive: true });
  if (from === undefined) {
    await Deno.writeTextFile(`${out}/${JSON_FILE}`, `${JSON.stringify(report, null, 2)}\n`);
  }
  for (const { file, svg } of drawPlots(report.tables)) {
    await Deno.writeTextFile(`${out}/${file}`, svg);
  }
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function complain(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}
