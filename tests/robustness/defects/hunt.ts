/**
 * Plants each defect and tells whether a short run finds it.
 *
 * @module
 */
import { formatLast } from "../report.ts";
import { bundledProgram } from "../program.ts";
import { runOnce, type RunOptions } from "../run.ts";
import { type Defect, DEFECTS } from "./all.ts";
import { occurrences, plant } from "./plant.ts";

/** What a hunt is made of. */
export type HuntOptions = Pick<RunOptions, "seed" | "interrupted" | "say"> & {
  /** The names of the defects. */
  readonly names: readonly string[];
  /** Takes the verdicts. */
  readonly print: (text: string) => void;
};

/** How long each defect has to show. */
const MINUTES = 0.15;
const SHOWN = 3;

/**
 * Hunts the defects, one after the other.
 *
 * @param options Which, and who is told.
 * @returns Those that were not found.
 */
export async function hunt(options: HuntOptions): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const defect of DEFECTS.filter(({ name }) => options.names.includes(name))) {
    if (options.interrupted.aborted) return [...missed, defect.name];
    if (!await isFound(defect, options)) missed.push(defect.name);
  }
  return missed;
}

async function isFound(defect: Defect, options: HuntOptions): Promise<boolean> {
  const { seed, interrupted, say, print } = options;
  const { name, what, replacements, steps } = defect;
  for (const replacement of replacements) {
    if (await occurrences(replacement) === 1) continue;
    print(`NOT PLANTED ${name}: ${replacement.file} has changed`);
    return false;
  }
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-robustness-defect-" });
  try {
    const program = bundledProgram(await plant(defect, folder));
    const only = ["start", "stop", ...steps] as const;
    const outcome = await runOnce({
      program,
      seed,
      minutes: MINUTES,
      keep: false,
      only,
      interrupted,
      say,
    });
    const violations = outcome?.violations ?? [];
    print(`${violations.length > 0 ? "FOUND" : "NOT FOUND"} ${name}: ${what}`);
    for (const { kind, text } of violations.slice(0, SHOWN)) print(`  ${kind}: ${text}`);
    if (outcome !== undefined) print(`  ${formatLast(outcome)}`);
    return violations.length > 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
