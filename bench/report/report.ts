/**
 * All that a run found, as it is kept and printed.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";
import type { Machine } from "../machine.ts";
import { formatGoals } from "./goals.ts";
import type { Findings, Goal, Table } from "./row.ts";
import { formatTable } from "./table.ts";

/** The form of the JSON: another number, another form. */
const SCHEMA = 1;

/** A run: enough to draw its tables and plots again. */
export interface Report extends Findings {
  readonly schema: typeof SCHEMA;
  readonly date: string;
  readonly commit: string;
  readonly commandLine: string;
  readonly seconds: number;
  readonly machine: Machine;
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
}

/**
 * Makes the report of a run.
 *
 * @param run What was found, where and when.
 * @returns The report.
 */
export function makeReport(run: Omit<Report, "schema">): Report {
  return { schema: SCHEMA, ...run };
}

/**
 * Reads the report of an earlier run.
 *
 * @param text JSON, as this program wrote it.
 * @returns The report.
 * @throws {SyntaxError} If it is not one.
 */
export function parseReport(text: string): Report {
  const value: unknown = JSON.parse(text);
  if (isReport(value)) return value;
  throw new SyntaxError(`Cannot read the figures as they are not of schema ${SCHEMA}`);
}

/** Written by this program: its schema says that the rest fits. */
function isReport(value: unknown): value is Report {
  return isRecord(value) && value["schema"] === SCHEMA &&
    Array.isArray(value["tables"]) && Array.isArray(value["goals"]) && isRecord(value["machine"]);
}

/**
 * Formats a report in Markdown.
 *
 * @param report The report.
 * @returns Machine, goals and tables.
 */
export function formatReport(report: Report): string {
  const { machine, tables, goals, date, commit, commandLine, seconds } = report;
  const { cpu, cores, memoryGb, kernel, fileSystem, versions } = machine;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- ${date}, commit ${commit}, \`${commandLine}\`, ${seconds} s`,
    `- ${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}; etcd's data on ${fileSystem}`,
    `- ${programs.join(", ")}`,
    "",
    ...(goals.length === 0 ? [] : [formatGoals(goals)]),
    ...tables.map(formatTable),
  ].join("\n");
}
