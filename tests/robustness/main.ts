/**
 * `deno task robustness`: kills plugins and etcd while pods come and go, then looks for doubled and leaked addresses.
 *
 * @module
 */
import { bundle } from "../../deploy/bundle.ts";
import { DEFECTS } from "./defects/all.ts";
import { hunt } from "./defects/hunt.ts";
import { HELP, readFlags, UsageError } from "./flags.ts";
import { binaryProgram, bundledProgram, type Program } from "./program.ts";
import { formatLast, formatReport, isGood } from "./report.ts";
import { runOnce } from "./run.ts";

/** Violations that are shown; the last line counts all. */
const SHOWN = 40;

async function main(args: readonly string[]): Promise<number> {
  const seed = crypto.randomUUID().slice(0, 8);
  const flags = readFlags(args, { defects: DEFECTS.map(({ name }) => name), seed });
  if (flags.help) {
    const names = DEFECTS.map(({ name, what }) => `  ${name.padEnd(18)} ${what}`);
    print(HELP.replace("NAMES", names.join("\n")));
    return 0;
  }
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interruption.abort());
  }
  const interrupted = interruption.signal;
  if (flags.defects.length > 0) {
    const missed = await hunt({ ...flags, names: flags.defects, interrupted, say: tell, print });
    print(
      `${flags.defects.length - missed.length} of ${flags.defects.length} planted defects found`,
    );
    return missed.length === 0 ? 0 : 1;
  }
  await using undo = new globalThis.AsyncDisposableStack();
  const program = binaryProgram() ?? await bundled(undo);
  const outcome = await runOnce({ ...flags, program, interrupted, say: tell });
  if (outcome === undefined) {
    print("Interrupted: nothing was checked");
    return 130;
  }
  const text = formatReport(outcome);
  print(text);
  if (flags.report !== undefined) await Deno.writeTextFile(flags.report, text);
  for (const { kind, text } of outcome.violations.slice(0, SHOWN)) print(`${kind}: ${text}`);
  print(formatLast(outcome));
  return isGood(outcome) ? 0 : 1;
}

async function bundled(undo: AsyncDisposableStack): Promise<Program> {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-robustness-bundle-" });
  undo.defer(() => Deno.remove(folder, { recursive: true }));
  await bundle({ folder });
  return bundledProgram(folder);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function tell(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function guarded(args: readonly string[]): Promise<number> {
  try {
    return await main(args);
  } catch (error) {
    if (error instanceof UsageError) {
      tell(`${error.message}\nTry: deno task robustness --help`);
      return 2;
    }
    tell(error instanceof Error ? `${error.stack}` : String(error));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await guarded(Deno.args));
