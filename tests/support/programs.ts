/**
 * Runs programs of the machine.
 *
 * @module
 */

/**
 * Runs a program to its end.
 *
 * @param words The program and its arguments.
 * @returns What it printed on stdout.
 * @throws {Error} If it fails: with what it printed.
 */
export async function run([program = "", ...args]: readonly string[]): Promise<string> {
  const command = new Deno.Command(program, { args, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(
    `Cannot run ${program} ${args.join(" ")}: ${decoder.decode(stderr)}${decoder.decode(stdout)}`,
  );
}
