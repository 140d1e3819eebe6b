/**
 * Runs the tests, lists those that this machine cannot run, and ends with the counts.
 *
 * Each step is a process of this same Deno; what it printed is shown when it fails.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { bundle } from "../deploy/bundle.ts";
import { prepareAssets } from "./assets.ts";
import { parseReport, type Report } from "./support/report.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const HELP = `Usage: deno task test [PATH...]
       deno task check

Runs every test, or those below the paths given.

  --check   format, lint, types and documentation, then the tests that need nothing
  --static  the same without the tests
  --help    print this text

Environment:
  KUBE_IPAM_BINARY  the executable to test, instead of the sources`;

/** Steps that may run side by side: the tests of one step use all processors already. */
const LANES = 2;
/** A test that never ends must not keep the others from being reported. */
const STEP_MS = 15 * 60_000;
const QUICK = [
  "tests/unit",
  "tests/property",
  "tests/conformance",
  "tests/fence",
  "tests/fuzz/parsers",
];
const SLOW = ["tests/integration", "tests/fuzz/calls"];
/** The examples in these run as tests. */
const DOCUMENTED = ["mod.ts", "lib", "docs", "README.md"];
/** These count processes and start many: one file at a time. */
const ALONE = "tests/e2e";
/** But these do not mind others beside them. */
const BESIDE = ["tests/e2e/kube", "tests/e2e/sqlite"];

/** One process: a check, which counts as one test, or tests. */
interface Step {
  readonly name: string;
  readonly args: readonly string[];
  readonly isTests: boolean;
}

/** Where reports go, and more variables for each process. */
interface Workplace {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

function check(name: string, ...args: readonly string[]): Step {
  return { name, args, isTests: false };
}

/** The types are checked by a step of their own, once for all. */
function tests(name: string, ...args: readonly string[]): Step {
  const flags = ["-A", "--quiet", "--no-check", "--frozen", "--reporter=dot"];
  return { name, args: ["test", ...flags, ...args], isTests: true };
}

const TYPES = check("types", "check", "--quiet", "--frozen", "--doc", ".");

const STATIC: readonly Step[] = [
  TYPES,
  check("documentation", "doc", "--quiet", "--lint", "mod.ts"),
  check("lint", "lint", "--quiet"),
  check("format", "fmt", "--quiet", "--check"),
];

function stepsFor(args: readonly string[]): readonly (readonly Step[])[] {
  const [first] = args;
  if (first === "--static") return [STATIC];
  if (first === "--check") {
    // The longest first.
    return [[tests("tests", "--parallel", "--doc", ...DOCUMENTED, ...QUICK), ...STATIC]];
  }
  if (args.length === 0) {
    return [
      [TYPES, tests("tests", "--parallel", "--doc", ...DOCUMENTED, ...QUICK, ...SLOW, ...BESIDE)],
      [tests("e2e", ALONE, `--ignore=${BESIDE.join(",")}`)],
    ];
  }
  const alone = args.filter((path) => path.startsWith(ALONE));
  const others = args.filter((path) => !path.startsWith(ALONE));
  return [
    others.length > 0 ? [tests("tests", "--parallel", ...others)] : [],
    alone.length > 0 ? [tests("e2e", ...alone)] : [],
  ];
}

/** Tests start the program hundreds of times, and a bundle starts faster than the sources. */
async function prepareBundle(folder: string): Promise<Readonly<Record<string, string>>> {
  try {
    await bundle({ folder });
    return { KUBE_IPAM_BUNDLE: folder };
  } catch (error) {
    print(`The tests start the sources: ${error instanceof Error ? error.message : error}`);
    return {};
  }
}

async function runStep(step: Step, { folder, env }: Workplace): Promise<Report> {
  const started = performance.now();
  const reportFile = `${folder}/${step.name}.xml`;
  const command = new Deno.Command(Deno.execPath(), {
    args: step.isTests ? [...step.args, `--junit-path=${reportFile}`] : [...step.args],
    cwd: ROOT,
    env,
    stdin: "null",
    signal: AbortSignal.timeout(STEP_MS),
  });
  const output = await command.output();
  const report = step.isTests ? await readReport(reportFile) : { passed: 1, failed: 0, notRun: [] };
  // A module that fails while it is loaded is in no report.
  const failed = output.success ? report.failed : Math.max(report.failed, 1);
  const passed = step.isTests || output.success ? report.passed : 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const verdict = output.signal !== null ? "STOPPED" : failed > 0 ? "FAILED" : "ok";
  print(`${verdict} ${step.name} (${passed} passed, ${seconds} s)`);
  if (failed > 0) {
    await Deno.stdout.write(output.stdout);
    await Deno.stdout.write(output.stderr);
  }
  return { passed, failed, notRun: report.notRun };
}

async function readReport(file: string): Promise<Report> {
  try {
    return parseReport(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { passed: 0, failed: 0, notRun: [] };
    throw error;
  }
}

async function runAll(steps: readonly Step[], place: Workplace): Promise<readonly Report[]> {
  const waiting = [...steps];
  const outcomes: Report[] = [];
  const lane = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      outcomes.push(await runStep(step, place));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return outcomes;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function main(args: readonly string[]): Promise<number> {
  const [first = ""] = args;
  if (first === "--help") {
    print(HELP);
    return 0;
  }
  if (first.startsWith("-") && first !== "--check" && first !== "--static") {
    print(`Cannot run the tests as options are --check and --static: current value is "${first}"`);
    return 2;
  }
  if (!first.startsWith("-")) await prepareAssets(print);
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-run-" });
  const outcomes: Report[] = [];
  try {
    const env = {
      ...(first === "--static" ? {} : await prepareBundle(`${folder}/bundle`)),
      ...(first === "--check" ? { KUBE_IPAM_IN_PROCESS: "1" } : {}),
      // One more than there are processors: many tests wait for a deadline or a process.
      DENO_JOBS: String(navigator.hardwareConcurrency + 1),
    };
    const place = { folder, env };
    for (const steps of stepsFor(args)) outcomes.push(...await runAll(steps, place));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const notRun = outcomes.flatMap((outcome) => outcome.notRun);
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
  for (const name of notRun) print(name);
  if (notRun.length > 0) print(`${notRun.length} not run`);
  print(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
