/**
 * Reads the JUnit report of `deno test`.
 *
 * @module
 */

/** What a test run reported. */
export interface Report {
  readonly passed: number;
  readonly failed: number;
  /**
   * The names of ignored tests, which end with the reason: `(not run: needs root)`. Their file is not
   * reported: it is the one that called `Deno.test`, and for these that is always the same.
   */
  readonly notRun: readonly string[];
}

const TESTCASE = /<testcase name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs;

/**
 * Reads a report. In the texts of a test every "<" is escaped, so its markup can be searched.
 *
 * @param xml The report.
 * @returns What it says.
 */
export function parseReport(xml: string): Report {
  let [passed, failed] = [0, 0];
  const notRun: string[] = [];
  for (const [, name = "", inside = ""] of xml.matchAll(TESTCASE)) {
    if (inside.includes("<skipped")) notRun.push(unescape(name));
    else if (/<failure|<error/.test(inside)) failed++;
    else passed++;
  }
  return { passed, failed, notRun };
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
