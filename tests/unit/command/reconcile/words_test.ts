/** The words after `reconcile`, and what it prints. */
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../../lib/command/flags.ts";
import { readAsked } from "../../../../lib/command/reconcile/asked.ts";
import { formatReport, jsonOf, summaryOf } from "../../../../lib/command/reconcile/output.ts";
import { formatStep, startProgress } from "../../../../lib/command/reconcile/progress.ts";
import { newReport } from "../../../../lib/ipam/reconcile/report.ts";

Deno.test("readAsked() knows every flag", () => {
  assertEquals(readAsked(["--conf", "f"]), {
    conf: "f",
    dryRun: false,
    node: undefined,
    json: false,
    graceMs: 300_000,
    maxFraction: 0.5,
    running: undefined,
  });
  const words = "-conf=- --dry-run --node n --json --grace 1h30m --max-fraction 0.25 --running r";
  assertEquals(readAsked(words.split(" ")), {
    conf: "-",
    dryRun: true,
    node: "n",
    json: true,
    graceMs: 5_400_000,
    maxFraction: 0.25,
    running: "r",
  });
  assertEquals(readAsked(["--conf", "f", "--max-fraction", "0.1", "--yes"]).maxFraction, 1);
  assertEquals(readAsked(["--conf", "f", "--grace", "0", "--running", "-"]).graceMs, 0);
});

Deno.test("readAsked() refuses what it does not understand", () => {
  for (
    const [words, message] of [
      ["", "give --conf FILE"],
      ["--conf - --running -", "--conf and --running are both -"],
      ["--conf f --grace soon", "--grace: Cannot read a duration"],
      ["--conf f --max-fraction 2", 'from 0 to 1: current value is "2"'],
      ["--conf f --max-fraction 1e-1", "from 0 to 1"],
      ["--conf f --max-fraction half", "from 0 to 1"],
      ["--conf f 10.0.0.1", 'flags only: current value is "10.0.0.1"'],
      ["--conf f --dryrun", "did you mean --dry-run?"],
      ["--conf f --yes=1", "--yes as it takes no value"],
    ] as const
  ) {
    const args = words === "" ? [] : words.split(" ");
    assertThrows(() => readAsked(args), UsageError, message);
  }
});

const ITEM = { space: "default", network: "net", reason: "pod shop/a is gone" } as const;

Deno.test("formatReport() has one line for each address, key and refusal", () => {
  const report = newReport(false);
  assertEquals(formatReport(report), "");
  report.freed.push({ ...ITEM, kind: "gone", ip: "10.0.0.5", node: "node-a", pod: "shop/a" });
  report.kept.push({ ...ITEM, kind: "orphan", key: "/kube-ipam/x", reason: "bad\x1b[31m" });
  report.unreadable.push({ key: "/kube-ipam/y", reason: "is no JSON" });
  report.refused.push({ space: "default", network: "net", reason: "too many" });
  assertEquals(
    formatReport(report),
    `WHAT        ADDRESS       NETWORK  POD     NODE    WHY
freed       10.0.0.5      net      shop/a  node-a  gone: pod shop/a is gone
kept        /kube-ipam/x  net      -       -       orphan: bad?[31m
unreadable  /kube-ipam/y  -        -       -       is no JSON
refused     -             net      -       -       too many
`,
  );
  assertEquals(summaryOf(report), "1 freed, 1 kept, 1 unreadable, 1 refused");
});

Deno.test("formatReport() names the space where there are several, and what would be freed", () => {
  const report = newReport(true);
  report.freed.push({ ...ITEM, kind: "gone", ip: "10.0.0.5" });
  report.freed.push({ ...ITEM, kind: "gone", ip: "10.0.0.5", space: "tenant" });
  const cells = formatReport(report).trimEnd().split("\n").map((line) =>
    line.split(/ {2,}/).slice(0, 3)
  );
  assertEquals(cells, [
    ["WHAT", "ADDRESS", "NETWORK"],
    ["would free", "10.0.0.5", "default/net"],
    ["would free", "10.0.0.5", "tenant/net"],
  ]);
  assertEquals(summaryOf(report), "2 would be freed, 0 kept");
});

Deno.test("jsonOf() is one line with everything", () => {
  const report = newReport(true);
  report.freed.push({ ...ITEM, kind: "gone", ip: "10.0.0.5", pod: undefined });
  report.notes.push("for stderr");
  const text = jsonOf(report);
  assertEquals(text.split("\n").length, 2);
  assertEquals(JSON.parse(text), {
    dryRun: true,
    freed: [{ ...ITEM, kind: "gone", ip: "10.0.0.5" }],
    kept: [],
    unreadable: [],
    refused: [],
  });
});

Deno.test("progress is drawn on a terminal only, and wiped at the end", () => {
  const drawn = (isTerminal: boolean): string => {
    let [text, ms] = ["", 0];
    const write = (more: string): void => void (text += more);
    {
      using progress = startProgress({ write, isTerminal, now: () => ms });
      for (let done = 1; done <= 4; done++) {
        progress.onStep({ title: "Freeing", done, total: 4 });
        ms += 10;
      }
    }
    return text;
  };
  assertEquals(drawn(false), "");
  const clear = "\r\x1b[2K";
  assertEquals(
    drawn(true),
    `${clear}Freeing [${"#".repeat(6)}${"-".repeat(18)}] 1/4` +
      `${clear}Freeing [${"#".repeat(24)}] 4/4${clear}`,
  );
  assertEquals(formatStep({ title: "Reading", done: 500 }), "Reading: 500");
});
