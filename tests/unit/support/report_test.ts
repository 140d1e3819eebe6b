import { assertEquals } from "@std/assert";
import { parseReport } from "../../support/report.ts";

const XML = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="0.019">
    <testsuite name="./tests/a_test.ts" tests="3" disabled="1" errors="0" failures="1">
        <testcase name="ok" classname="./tests/a_test.ts" time="0.001" line="1" col="6">
        </testcase>
        <testcase name="a &lt; b (not run: needs root)" classname="./needs.ts" time="0.000">
            <skipped/>
        </testcase>
        <testcase name="bad" classname="./tests/a_test.ts" time="0.001" line="3" col="6">
            <failure message="no">Error: &lt;skipped</failure>
        </testcase>
    </testsuite>
    <testsuite name="./tests/b_test.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="short" classname="./tests/b_test.ts" time="0.001"/>
    </testsuite>
</testsuites>`;

Deno.test("parseReport() counts, and names what was not run", () => {
  assertEquals(parseReport(XML), {
    passed: 2,
    failed: 1,
    notRun: ["a < b (not run: needs root)"],
  });
});

Deno.test("parseReport() finds nothing in an empty report", () => {
  assertEquals(parseReport(""), { passed: 0, failed: 0, notRun: [] });
});
