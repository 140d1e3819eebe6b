/**
 * The command line of `deno task robustness`.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** What is asked for. */
export interface Flags {
  readonly help: boolean;
  readonly minutes: number;
  readonly seed: string;
  readonly keep: boolean;
  /** A Markdown file that takes the tables. */
  readonly report: string | undefined;
  /** Defects to plant, one run each. */
  readonly defects: readonly string[];
}

/** Thrown when the command line is not understood: the message is for whoever typed it. */
export class UsageError extends Error {
  /** Always `UsageError`. */
  override readonly name = "UsageError";
}

/** What is printed for `--help`. */
export const HELP = `Usage: deno task robustness [OPTION...]

Runs real plugin processes on several nodes of two clusters against a real etcd of three members, kills them and
etcd, and then looks through everything that happened for addresses with two holders and addresses that never
came back. Exit code: 0 when there is none, 1 when there is, 2 when the words are not understood.

  --minutes N      how long, fractions allowed (default 2)
  --seed S         any text: the same faults and steps in the same order (default a new one, which is printed)
  --report FILE    write the tables as Markdown
  --keep           keep the folders of the nodes with their logs, and everything that happened as JSON
  --defects        plant each known defect in a copy of the sources and tell whether it is found
  --defect NAME    plant one; may be given more than once
  --help           print this text

Defects:
NAMES

Environment:
  KUBE_IPAM_BINARY  the executable to run, instead of a bundle of the sources`;

const OPTIONS = {
  "help": { type: "boolean", short: "h" },
  "minutes": { type: "string" },
  "seed": { type: "string" },
  "keep": { type: "boolean" },
  "report": { type: "string" },
  "defects": { type: "boolean" },
  "defect": { type: "string", multiple: true },
} as const;

const MINUTES = 2;

/**
 * Reads the command line.
 *
 * @param args The words after the name of the task.
 * @param options The names of all defects; a seed for when none is given.
 * @returns What is asked for.
 * @throws {UsageError} If it is not understood.
 */
export function readFlags(
  args: readonly string[],
  options: { readonly defects: readonly string[]; readonly seed: string },
): Flags {
  const values = parsed(args);
  const minutes = values.minutes === undefined ? MINUTES : Number(values.minutes);
  if (!(minutes > 0 && minutes <= 24 * 60)) {
    throw new UsageError(
      `Cannot use --minutes as it must be a number above 0, at most 1440: current value is "${values.minutes}"`,
    );
  }
  const named = values.defect ?? [];
  const unknown = named.find((name) => !options.defects.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot use --defect as there is no such defect, only ${
        options.defects.join(", ")
      }: current value is "${unknown}"`,
    );
  }
  return {
    help: values.help === true,
    minutes,
    seed: values.seed ?? options.seed,
    keep: values.keep === true,
    report: values.report,
    defects: values.defects === true ? options.defects : named,
  };
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

function parsed(args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
