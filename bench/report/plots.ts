/**
 * Plots in SVG, drawn by a library from the tables of a report.
 *
 * @module
 */
import * as echarts from "echarts";
import type { Row, Table, TableId } from "./row.ts";
import { formatNumber } from "./table.ts";

/** A file with a plot. */
export interface Plot {
  readonly file: string;
  readonly svg: string;
}

const WIDTH = 1000;
const HEIGHT = 460;
/** Told apart on white, by colour-blind people too. */
const COLORS = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#e69f00",
  "#000000",
  "#7f7f7f",
];

/** Every plot there is: its file, its table, and how it is drawn. */
const PLOTS: readonly {
  readonly file: string;
  readonly table: TableId;
  readonly draw: (table: Table) => echarts.EChartsOption;
}[] = [
  { file: "concurrency.svg", table: "writers", draw: concurrency },
  { file: "fill.svg", table: "fill", draw: latencyLines },
  { file: "start_up.svg", table: "start-up-by-part", draw: parts },
];

/**
 * Draws what a report has tables for.
 *
 * @param tables The tables.
 * @returns The plots; the same tables give the same bytes.
 */
export function drawPlots(tables: readonly Table[]): readonly Plot[] {
  return PLOTS.flatMap(({ file, table, draw }) => {
    const found = tables.find(({ id }) => id === table);
    return found === undefined ? [] : [{ file, svg: render(draw(found), file) }];
  });
}

function render(option: echarts.EChartsOption, file: string): string {
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width: WIDTH,
    height: HEIGHT,
  });
  try {
    chart.setOption({ animation: false, backgroundColor: "#ffffff", ...option });
    return `${renamed(chart.renderToSVGString(), file.replace(/\.svg$/, ""))}\n`;
  } finally {
    chart.dispose();
  }
}

/** The library counts charts and classes as long as the process lives: names of our own make equal figures equal files. */
function renamed(svg: string, name: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/\bzr\d+-[a-z]+-?\d+/g, (theirs) => {
    const ours = names.get(theirs) ?? `${name}-${names.size}`;
    names.set(theirs, ours);
    return ours;
  });
}

/** The axis of many magnitudes is for bursts, whose times differ a hundredfold. */
function concurrency(table: Table): echarts.EChartsOption {
  return { ...latencyLines(table), yAxis: { type: "log", name: "ms" } };
}

/** One line for each program: its median, and in the same colour, dashed, the 99th percentile of this plugin. */
function latencyLines({ title, axis = "", rows: all }: Table): echarts.EChartsOption {
  const rows = all.filter(({ at, wallMs }) => at !== undefined && wallMs !== undefined);
  const places = [...new Set(rows.map(({ at = 0 }) => at))].sort((a, b) => a - b);
  const names = [...new Set(rows.map(({ name }) => name))];
  const series = names.flatMap((name, index) => {
    const own = rows.filter((row) => row.name === name);
    const isOurs = own[0]?.of === "ours";
    const color = COLORS[index % COLORS.length] ?? "#000000";
    const line = (label: string, figure: (row: Row) => number): echarts.LineSeriesOption => ({
      name: `${name}, ${label}`,
      type: "line",
      data: own.map((row) => [places.indexOf(row.at ?? 0), figure(row)]),
      itemStyle: { color },
      lineStyle: { color, width: isOurs ? 3 : 2, type: label === "p99" ? "dashed" : "solid" },
      symbolSize: 7,
    });
    return [
      line("p50", ({ wallMs }) => wallMs?.p50 ?? 0),
      ...(isOurs ? [line("p99", ({ wallMs }) => wallMs?.p99 ?? 0)] : []),
    ];
  });
  return {
    title: { text: title, left: "center" },
    legend: { orient: "vertical", left: 625, top: "middle", itemGap: 14, itemWidth: 44 },
    grid: { left: 70, right: 400, top: 60, bottom: 60 },
    xAxis: {
      type: "category",
      data: places.map(formatNumber),
      name: axis,
      nameLocation: "middle",
      nameGap: 32,
    },
    yAxis: { type: "value", name: "ms", min: 0 },
    series,
  };
}

/** One bar for each step, from nothing to a whole call: what it adds stands on what was there before. */
function parts({ title, rows }: Table): echarts.EChartsOption {
  const medians = rows.map(({ wallMs }) => wallMs?.p50 ?? 0);
  const added = rows.map(({ moreMs = 0 }, index) =>
    index === 0 ? medians[0] ?? 0 : Math.max(0, moreMs)
  );
  const before = medians.map((value, index) => Math.max(0, value - (added[index] ?? 0)));
  const rounded = (values: readonly number[]): number[] =>
    values.map((value) => Math.round(value * 10) / 10);
  return {
    title: { text: title, left: "center" },
    grid: { left: 260, right: 60, top: 50, bottom: 50 },
    xAxis: { type: "value", name: "ms", nameLocation: "middle", nameGap: 28 },
    yAxis: { type: "category", inverse: true, data: rows.map(({ name }) => name) },
    series: [
      { type: "bar", stack: "all", data: rounded(before), itemStyle: { color: "#c9d3e3" } },
      {
        type: "bar",
        stack: "all",
        data: rounded(added),
        itemStyle: { color: "#3465a4" },
        label: { show: true, position: "right", formatter: "+{c}" },
      },
    ],
  };
}
