import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { divided, ratioOf, withMore, withRatios, worst } from "../../../bench/report/compare.ts";
import { formatGoals, isMet } from "../../../bench/report/goals.ts";
import { drawPlots } from "../../../bench/report/plots.ts";
import { formatReport, makeReport, parseReport } from "../../../bench/report/report.ts";
import type { Goal, Row, Table } from "../../../bench/report/row.ts";
import { formatNumber, formatTable } from "../../../bench/report/table.ts";

function row(name: string, p50: number, more: Partial<Row> = {}): Row {
  const wallMs = { count: 9, min: p50, p50, p90: p50, p99: 2 * p50, max: p50, mean: p50 };
  return { name, of: "ours", wallMs, failures: 0, duplicates: 0, ...more };
}

/** The library leaves a timer of one frame behind. */
async function endOfFrame(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

const WRITERS: Table = {
  id: "writers",
  title: "ADDs at once",
  axis: "at once",
  rows: [
    row("one", 10, { at: 1 }),
    row("one", 20, { at: 12_000, note: "slow" }),
    row("other", 5, { at: 1, of: "peer" }),
  ],
  notes: ["general"],
};
const PARTS: Table = {
  id: "start-up-by-part",
  title: "Parts",
  rows: [row("a", 10), row("b", 12, { moreMs: 2 })],
  notes: [],
};

Deno.test("a table has only the columns that some row has a figure for", () => {
  assertEquals(
    formatTable(WRITERS),
    `### ADDs at once

|  | at once | p50 ms | p99 ms | calls | failures | duplicates |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| one | 1 | 10.0 | 20.0 | 9 | 0 | 0 |
| one | 12 000 | 20.0 | 40.0 | 9 | 0 | 0 |
| peer: other | 1 | 5.0 | 10.0 | 9 | 0 | 0 |

- general
- one, 12 000: slow
`,
  );
});

Deno.test("a row of which every call failed shows no time, and its failures", () => {
  const failed: Row = { name: "x", of: "ours", failures: 3, duplicates: 0 };
  const text = formatTable({ ...WRITERS, rows: [row("one", 10), failed] });
  assertStringIncludes(text, "| x | - | - | 0 | 3 | 0 |");
});

Deno.test("formatNumber() parts thousands from five digits on", () => {
  assertEquals([0.5, 9999, 65_533, 1e6].map(formatNumber), ["0.5", "9999", "65 533", "1 000 000"]);
});

Deno.test("rows are compared by their medians, and only where both have one", () => {
  const base = row("base", 10);
  const none: Row = { name: "none", of: "ours", failures: 1, duplicates: 0 };
  assertEquals(withRatios([row("a", 25), none], () => base).map(({ ratio }) => ratio), [
    2.5,
    undefined,
  ]);
  assertEquals(withMore([row("a", 25)], () => base)[0]?.moreMs, 15);
  assertEquals(withRatios([row("a", 25)], () => undefined)[0]?.ratio, undefined);
  assertEquals(ratioOf(base, none), undefined);
  assertEquals(divided(1, 0), undefined);
  assertEquals(worst([1, 3, 2]), 3);
  assertEquals(worst([1, undefined]), undefined);
  assertEquals(worst([]), undefined);
});

Deno.test("a goal tells its figure, and by how much it is missed", () => {
  const goal: Goal = { text: "ADD", must: "at most", limit: 1.35, figure: 1.35 };
  assertEquals(isMet(goal), true);
  assertEquals(isMet({ ...goal, must: "at least", figure: 1.34 }), false);
  assertEquals(isMet({ ...goal, figure: Infinity }), undefined);
  const { figure: _, ...unmeasured } = goal;
  assertEquals(
    formatGoals([
      goal,
      { ...goal, figure: 2 },
      { ...goal, must: "at least", limit: 5, figure: 1.4 },
      { ...goal, unit: "", limit: 0, figure: 0 },
      unmeasured,
    ]).split("\n").slice(4),
    [
      "| ADD | at most 1.35 x | 1.35 x | met |",
      "| ADD | at most 1.35 x | 2.00 x | not met by 0.65 x |",
      "| ADD | at least 5 x | 1.40 x | not met by 3.60 x |",
      "| ADD | at most 0 | 0.00 | met |",
      "| ADD | at most 1.35 x | - | not measured |",
      "",
    ],
  );
});

Deno.test("the JSON of a report gives the same text and the same plots again", async () => {
  const report = makeReport({
    date: "2026-01-01T00:00:00.000Z",
    commit: "abc",
    commandLine: "deno task bench",
    seconds: 60,
    machine: {
      cpu: "a processor",
      cores: 2,
      memoryGb: 4,
      kernel: "6.1",
      target: "x86_64-unknown-linux-gnu",
      fileSystem: "ext4",
      versions: { Deno: "2.9.6" },
    },
    tables: [WRITERS, PARTS],
    goals: [{ text: "ADD", must: "at most", limit: 2 }],
  });
  const again = parseReport(JSON.stringify(report));
  assertEquals(formatReport(again), formatReport(report));
  assertStringIncludes(formatReport(report), "a processor, 2 cores");
  // Not assertEquals(): it would print both.
  assert(drawPlots(again.tables)[0]?.svg === drawPlots(report.tables)[0]?.svg);
  await endOfFrame();
});

Deno.test("parseReport() refuses what is no report", () => {
  const rest = '"tables": [], "goals": [], "machine": {}';
  parseReport(`{"schema": 1, ${rest}}`);
  for (const text of ["{}", "[]", `{"schema": 2, ${rest}}`, '{"schema": 1, "tables": []}']) {
    assertThrows(() => parseReport(text), SyntaxError);
  }
});

Deno.test("plots are drawn for the tables there are, with names that do not depend on the order", async () => {
  const [alone] = drawPlots([PARTS]);
  const [, beside] = drawPlots([PARTS, WRITERS]);
  assertEquals(drawPlots([WRITERS, PARTS]).map(({ file }) => file), [
    "concurrency.svg",
    "start_up.svg",
  ]);
  assertEquals(alone?.file, "start_up.svg");
  assert(alone?.svg === beside?.svg);
  assert(alone?.svg.startsWith("<svg"));
  assert(!/\bzr\d/.test(alone?.svg ?? "zr0"));
  // To be read in a dark page too.
  assertStringIncludes(alone?.svg ?? "", 'fill="#ffffff"');
  assertStringIncludes(drawPlots([WRITERS])[0]?.svg ?? "", "12 000");
  await endOfFrame();
});
