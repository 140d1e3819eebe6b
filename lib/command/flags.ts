/**
 * The words and flags of a sub-command.
 *
 * A flag is accepted with one dash or two, as the documents of the original show.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { nearest } from "../config/nearest.ts";

/** Thrown when the words of a command are not understood: the message is for whoever typed them. */
export class UsageError extends Error {
  /** Always `UsageError`. */
  override readonly name = "UsageError";
}

/** What a sub-command understands. */
export interface FlagOptions {
  /** The name of the sub-command. */
  readonly command: string;
  /** Each flag, without dashes, and whether it takes a value. */
  readonly flags: Readonly<Record<string, "value" | "none">>;
}

/** What was given. */
export interface Flags {
  /** The value of each flag that takes one; of several the last. */
  readonly values: ReadonlyMap<string, string>;
  /** All values of each flag that takes one, in order. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** The flags that take none. */
  readonly set: ReadonlySet<string>;
  /** What is no flag. */
  readonly words: readonly string[];
}

/**
 * Tells whether somebody asks for help, whatever else was given.
 *
 * @param args The words after the sub-command.
 * @returns Whether one of them is `--help` or `-h`.
 */
export function asksHelp(args: readonly string[]): boolean {
  return args.some((arg) => /^(?:--?help|-h)$/.test(arg));
}

/**
 * Reads the flags of a sub-command.
 *
 * @param args The words after the sub-command.
 * @param options What it understands.
 * @returns Values, flags and other words.
 * @throws {UsageError} If a flag is unknown, lacks its value or has one too many.
 */
export function readFlags(args: readonly string[], options: FlagOptions): Flags {
  const { flags } = options;
  const types = Object.entries(flags).map(([name, kind]) =>
    [name, { type: kind === "value" ? "string" : "boolean" }] as const
  );
  const { tokens, positionals } = parseArgs({
    args: args.map((arg) => /^-[A-Za-z]{2}/.test(arg) ? `-${arg}` : arg),
    options: Object.fromEntries(types),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  const all = new Map<string, readonly string[]>();
  const set = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, value, inlineValue } = token;
    const kind = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (kind === undefined) throw unknownFlag(token.rawName, options);
    if (kind === "none") {
      if (value !== undefined) throw new UsageError(`Cannot use --${name} as it takes no value`);
      set.add(name);
    } else if (value === undefined || value === "" || !inlineValue && /^-./.test(value)) {
      throw new UsageError(`Cannot use --${name} as its value is missing`);
    } else {
      values.set(name, value);
      all.set(name, [...all.get(name) ?? [], value]);
    }
  }
  return { values, all, set, words: positionals };
}

/**
 * The file that `--conf` names.
 *
 * @param flags What was given.
 * @param command The name of the sub-command.
 * @returns The path.
 * @throws {UsageError} If it is missing.
 */
export function confOf({ values }: Flags, command: string): string {
  const path = values.get("conf");
  if (path !== undefined) return path;
  throw new UsageError(
    `Cannot ${command} addresses as the network configuration is missing: give --conf FILE`,
  );
}

function unknownFlag(given: string, { command, flags }: FlagOptions): UsageError {
  const near = nearest(given.replace(/^-+/, ""), Object.keys(flags));
  const advice = near === undefined
    ? `its flags are ${Object.keys(flags).map((name) => `--${name}`).join(", ")}`
    : `did you mean --${near}?`;
  return new UsageError(`Cannot use ${given} as ${command} has no such flag: ${advice}`);
}
