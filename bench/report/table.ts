/**
 * Tables in Markdown.
 *
 * @module
 */
import type { Row, Table } from "./row.ts";

interface Column {
  readonly head: string;
  /** Undefined where the row has no such figure. */
  readonly cell: (row: Row) => string | undefined;
}

const KINDS: Readonly<Record<Row["of"], string>> = {
  "ours": "",
  "peer": "peer: ",
  "stand-in": "",
  "minimum": "minimum: ",
};

/**
 * Formats a table. A column in which no row has a figure is left out.
 *
 * @param table The table.
 * @returns Its title, its rows and its notes.
 */
export function formatTable(table: Table): string {
  const { title, rows, notes } = table;
  const columns = columnsOf(table).filter(({ cell }) =>
    rows.some((row) => cell(row) !== undefined)
  );
  const lines = [
    columns.map(({ head }) => head),
    columns.map((_, index) => index === 0 ? "---" : "---:"),
    ...rows.map((row) => columns.map(({ cell }) => cell(row) ?? "-")),
  ].map((cells) => `| ${cells.join(" | ")} |`);
  const remarks = [
    ...notes,
    ...rows.filter(({ note }) => note !== undefined).map(({ name, at, note }) =>
      `${name}${at === undefined ? "" : `, ${formatNumber(at)}`}: ${note}`
    ),
  ];
  return [
    `### ${title}`,
    "",
    ...lines,
    ...(remarks.length === 0 ? [] : ["", ...remarks.map((remark) => `- ${remark}`)]),
    "",
  ].join("\n");
}

function columnsOf({ axis = "", ratioTo = "", moreThan = "" }: Table): readonly Column[] {
  return [
    { head: "", cell: ({ of, name }) => `${KINDS[of]}${name}` },
    { head: axis, cell: ({ at }) => at === undefined ? undefined : formatNumber(at) },
    { head: "p50 ms", cell: ({ wallMs }) => wallMs?.p50.toFixed(1) },
    { head: "p99 ms", cell: ({ wallMs }) => wallMs?.p99.toFixed(1) },
    { head: `p50 / ${ratioTo}`, cell: ({ ratio }) => ratio?.toFixed(2) },
    { head: `ms more than ${moreThan}`, cell: ({ moreMs }) => moreMs?.toFixed(1) },
    { head: "CPU ms", cell: ({ cpuMs }) => cpuMs?.toFixed(1) },
    { head: "RSS MB", cell: ({ rssMb }) => rssMb?.toFixed(1) },
    { head: "per second", cell: ({ perSecond }) => perSecond?.toFixed(0) },
    { head: "round trips", cell: ({ trips }) => trips?.toFixed(1) },
    { head: "bytes", cell: ({ bytes }) => bytes === undefined ? undefined : formatNumber(bytes) },
    { head: "calls", cell: ({ wallMs }) => formatNumber(wallMs?.count ?? 0) },
    { head: "failures", cell: ({ failures }) => String(failures) },
    { head: "duplicates", cell: ({ duplicates }) => String(duplicates) },
  ];
}

/** Thousands apart by a space, as the documents write them. */
export function formatNumber(value: number): string {
  const [whole = "", part] = String(Math.round(value * 100) / 100).split(".");
  const grouped = whole.length < 5 ? whole : whole.replace(/\B(?=(?:\d{3})+$)/g, " ");
  return part === undefined ? grouped : `${grouped}.${part}`;
}
