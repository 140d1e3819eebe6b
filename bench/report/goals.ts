/**
 * Whether the figures are what they must be.
 *
 * @module
 */
import type { Goal } from "./row.ts";

/**
 * Tells whether a goal is met.
 *
 * @param goal The goal and its figure.
 * @returns Undefined where it was not measured.
 */
export function isMet({ must, limit, figure }: Goal): boolean | undefined {
  if (figure === undefined || !Number.isFinite(figure)) return undefined;
  return must === "at most" ? figure <= limit : figure >= limit;
}

/**
 * Formats all goals as a table in Markdown.
 *
 * @param goals The goals.
 * @returns One line for each: the goal, the figure, and whether it is met.
 */
export function formatGoals(goals: readonly Goal[]): string {
  const lines = goals.map((goal) => {
    const { text, must, limit, figure } = goal;
    const seen = figure === undefined ? "-" : withUnit(figure.toFixed(2), goal);
    return `| ${text} | ${must} ${withUnit(String(limit), goal)} | ${seen} | ${verdict(goal)} |`;
  });
  return ["### Goals", "", "| | goal | figure | |", "| --- | ---: | ---: | --- |", ...lines, ""]
    .join("\n");
}

function verdict(goal: Goal): string {
  const { limit, figure = NaN } = goal;
  switch (isMet(goal)) {
    case true:
      return "met";
    case undefined:
      return "not measured";
    case false:
      return `not met by ${withUnit(Math.abs(figure - limit).toFixed(2), goal)}`;
  }
}

function withUnit(figure: string, { unit = "x" }: Goal): string {
  return unit === "" ? figure : `${figure} ${unit}`;
}
