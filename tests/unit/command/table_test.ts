import { assertEquals } from "@std/assert";
import { formatCell, formatMoment, formatTable } from "../../../lib/command/table.ts";

Deno.test("formatTable() aligns all columns but the last of each row", () => {
  const rows = [["A", "STATE", "B"], ["10.1.0.5", "held", "x"], ["1", "y", "as long as it likes"]];
  assertEquals(
    formatTable([...rows, ["2", "one that is last is no column"]]),
    "A         STATE  B\n" +
      "10.1.0.5  held   x\n" +
      "1         y      as long as it likes\n" +
      "2         one that is last is no column\n",
  );
  assertEquals(formatTable([]), "");
});

Deno.test("formatCell() is one word, whatever was stored", () => {
  assertEquals(formatCell(undefined), "-");
  assertEquals(formatCell(""), "-");
  assertEquals(formatCell("shop/web-0"), "shop/web-0");
  assertEquals(formatCell("a\u001b[31m\n\u202eb c"), "a?[31m??b?c");
});

Deno.test("formatMoment() is ISO 8601, and never throws", () => {
  assertEquals(formatMoment(undefined), "-");
  assertEquals(formatMoment(0), "1970-01-01T00:00:00.000Z");
  assertEquals(formatMoment(-9e15), "-9000000000000000");
});
