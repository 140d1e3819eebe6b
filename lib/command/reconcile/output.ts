/**
 * How reconcile tells what it did: a table for people, one JSON object for programs.
 *
 * @module
 */
import type { Item, Report } from "../../ipam/reconcile/report.ts";
import { formatCell, formatSentence, formatTable, NOTHING } from "../table.ts";

const HEAD = ["WHAT", "ADDRESS", "NETWORK", "POD", "NODE", "WHY"];

/**
 * Writes a report as a table.
 *
 * @param report The report.
 * @returns One line for each address, key and refusal; empty where there is none.
 */
export function formatReport(report: Report): string {
  const { dryRun, freed, kept, unreadable, refused } = report;
  const spaces = new Set([...freed, ...kept, ...refused].map(({ space }) => space));
  const place = ({ space, network }: Pick<Item, "space" | "network">): string =>
    spaces.size > 1 ? `${formatCell(space)}/${formatCell(network)}` : formatCell(network);
  const row = (what: string, item: Item): readonly string[] => [
    what,
    formatCell(item.ip ?? item.key),
    place(item),
    formatCell(item.pod),
    formatCell(item.node),
    `${item.kind}: ${formatSentence(item.reason)}`,
  ];
  const rows = [
    ...freed.map((item) => row(dryRun ? "would free" : "freed", item)),
    ...kept.map((item) => row("kept", item)),
    ...unreadable.map(({ key, reason }) => [
      "unreadable",
      formatCell(key),
      ...[NOTHING, NOTHING, NOTHING],
      formatSentence(reason),
    ]),
    ...refused.map((refusal) => [
      "refused",
      NOTHING,
      place(refusal),
      ...[NOTHING, NOTHING],
      formatSentence(refusal.reason),
    ]),
  ];
  return rows.length === 0 ? "" : formatTable([HEAD, ...rows]);
}

/** Writes a report as JSON, on one line. */
export function jsonOf({ dryRun, freed, kept, unreadable, refused }: Report): string {
  return `${JSON.stringify({ dryRun, freed, kept, unreadable, refused })}\n`;
}

/** Writes what a report counts. */
export function summaryOf({ dryRun, freed, kept, unreadable, refused }: Report): string {
  const parts = [`${freed.length} ${dryRun ? "would be freed" : "freed"}`, `${kept.length} kept`];
  if (unreadable.length > 0) parts.push(`${unreadable.length} unreadable`);
  if (refused.length > 0) parts.push(`${refused.length} refused`);
  return parts.join(", ");
}
