/**
 * How the demo looks: what was sent, what came back. Colours only on a terminal.
 *
 * @module
 */
import type { Answer, Call } from "./runtime.ts";

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 } as const;
const isTerminal = Deno.stdout.isTerminal();

/** Prints a heading. */
export function heading(text: string): void {
  say(`\n${paint("bold", text)}`);
}

/** Prints a call and its answer. */
export function exchange(call: Call, answer: Answer): void {
  const { command, containerId, args, netconf } = call;
  const wish = "args" in netconf ? `  args ${JSON.stringify(netconf.args)}` : "";
  const words = [command.padEnd(6), containerId ?? "", args ?? ""].filter((word) => word !== "");
  say(`  ${paint("cyan", ">")} ${words.join(" ")}${paint("dim", wish)}`);
  const mark = answer.code === 0 ? paint("green", "<") : paint("red", "<");
  for (const line of describe(answer)) say(`  ${mark} ${line}`);
}

/** Prints a line. */
export function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Prints a remark. */
export function remark(text: string): void {
  say(`    ${paint("dim", text)}`);
}

function describe({ code, json }: Answer): readonly string[] {
  if (json === undefined) return [paint("dim", `exit ${code}, nothing on stdout`)];
  if (code !== 0) {
    return [`error ${json.code}: ${paint("bold", String(json.msg))}`, String(json.details)];
  }
  return [JSON.stringify(json)];
}

function paint(colour: keyof typeof COLOURS, text: string): string {
  return isTerminal ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
}
