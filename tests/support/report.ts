/**
 * Reads the JUnit report of `deno test`.
 *
 * @module
 */

/** What a test run reported. */
export interface Report {
  readonly passed: number;
  readonly failed: number;
  /** Each test that was ignored. */
  readonly notRun: readonly NotRun[];
}

/** A test that was ignored. */
export interface NotRun {
  readonly file: string;
  /** Its name, which ends with the reason: `(not run: needs root)`. */
  readonly name: string;
}

const SUITE = /<testsuite name="([^"]*)"(.*?)<\/testsuite>/gs;
const TESTCASE = /<testcase name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs;

/**
 * Reads a report. In the texts of a test every "<" is escaped, so its markup can be searched.
 *
 * @param xml The report.
 * @returns What it says.
 */
export function parseReport(xml: string): Report {
  let [passed, failed] = [0, 0];
  const notRun: NotRun[] = [];
  for (const [, file = "", cases = ""] of xml.matchAll(SUITE)) {
    for (const [, name = "", inside = ""] of cases.matchAll(TESTCASE)) {
      if (inside.includes("<skipped")) notRun.push({ file: unescape(file), name: unescape(name) });
      else if (/<failure|<error/.test(inside)) failed++;
      else passed++;
    }
  }
  return { passed, failed, notRun };
}

/**
 * Formats the tests that were not run.
 *
 * @param notRun The tests.
 * @returns One line for each; empty when there are none.
 */
export function formatNotRun(notRun: readonly NotRun[]): string {
  return notRun.map(({ file, name }) => `not run: ${file.replace(/^\.\//, "")}: ${name}\n`).join(
    "",
  );
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
