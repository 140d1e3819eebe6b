/**
 * Times one execution of a program.
 *
 * @module
 */

/**
 * Runs a program to its end.
 *
 * @param program Its path.
 * @param options Its environment, and what stdin is to hold.
 * @returns Milliseconds from start to exit.
 * @throws {Error} If it fails: a figure of a failed call means nothing.
 */
export async function timed(
  program: string,
  options: { readonly env: Readonly<Record<string, string>>; readonly stdin: string },
): Promise<number> {
  const started = performance.now();
  const process = new Deno.Command(program, {
    env: { ...options.env },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  // A program that never reads its stdin may be gone by now.
  await writer.write(new TextEncoder().encode(options.stdin)).then(() => writer.close())
    .catch(() => {});
  const { success, stdout } = await process.output();
  const elapsed = performance.now() - started;
  if (!success) {
    throw new Error(`Cannot measure a call that fails: ${new TextDecoder().decode(stdout)}`);
  }
  return elapsed;
}
