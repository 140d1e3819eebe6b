import { assertEquals, assertMatch, assertNotMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CniError } from "../../../lib/cni/errors.ts";
import { parseNetconf } from "../../../lib/config/json.ts";
import { findJsonError } from "../../../lib/config/json_error.ts";

function detailsOf(text: string): string {
  const error = assertThrows(
    () => parseNetconf(text),
    CniError,
    "Cannot read the network configuration",
  );
  assertEquals(error.code, 6);
  return error.details ?? "";
}

Deno.test("parseNetconf() reads an object", () => {
  assertEquals(parseNetconf(' {"name": "net"}\n'), { name: "net" });
});

Deno.test("parseNetconf() finds the comma that the published samples lack", async () => {
  for (
    const [file, place] of [
      ["kubeconfig_in_etcd_config.json.txt", "line 9, column 66"],
      ["kubeconfig_in_ipam.json.txt", "line 7, column 63"],
    ] as const
  ) {
    const text = await Deno.readTextFile(new URL(`./fixtures/${file}`, import.meta.url));
    assertEquals(
      detailsOf(text),
      `${place}: a comma is missing after "/etc/kubernetes/pki/kubectl.kubeconfig"`,
    );
  }
});

for (
  const [text, expected] of [
    ["", "stdin is empty: the runtime passes the configuration as JSON on stdin"],
    [" \n", "stdin is empty: the runtime passes the configuration as JSON on stdin"],
    ["null", "the top level is null: it must be an object, { }"],
    ["[]", "the top level is an array: it must be an object, { }"],
    ['"a"', "the top level is a string: it must be an object, { }"],
    ["7", "the top level is a number: it must be an object, { }"],
    ['{"a": 1 "b": 2}', "line 1, column 8: a comma is missing after 1"],
    ['{"a": [1 2]}', "line 1, column 9: a comma is missing after 1"],
    ['{"a": {} "b": 2}', "line 1, column 9: a comma is missing after }"],
    ['{"a": 1,}', "line 1, column 8: a comma is too many before }"],
    ['{"a": [1,]}', "line 1, column 9: a comma is too many before ]"],
    ['{"a" 1}', 'line 1, column 5: a colon is missing after "a"'],
    ["{a: 1}", "line 1, column 2: a needs double quotes"],
    ['{"a": yes}', "line 1, column 7: yes needs double quotes"],
    ['{"a": True}', "line 1, column 7: True needs double quotes"],
    ['{"a": 012}', "line 1, column 7: 012 is not a number of JSON"],
    ['{"a": .5}', "line 1, column 7: .5 is not a number of JSON"],
    ["{'a': 1}", "line 1, column 2: single quotes stand here: write double quotes"],
    ['{\n  // no\n  "a": 1}', "line 2, column 3: a comment stands here: JSON has none, remove it"],
    ['{"a": 1} # no', "line 1, column 10: a comment stands here: JSON has none, remove it"],
    ["\ufeff{}", "line 1, column 1: a byte order mark stands here: remove it"],
    ['{"a": "b\n"}', "line 1, column 9: a double quote is missing before the end of the line"],
    ['{"a": "b', "line 1, column 7: the text that begins here has no closing double quote"],
    [
      '{"a": "\\x"}',
      "line 1, column 8: a backslash stands before a character that needs none: write \\\\",
    ],
    [
      '{"a": "\t"}',
      "line 1, column 8: a control character stands in a text: write \\u and four hex digits",
    ],
    ['{"a": {"b": [1', "line 1, column 15: the text ends too early: add ]}}"],
    ['{"a":', "line 1, column 6: a value is missing before the end"],
    ['{"a": }', "line 1, column 7: a value is missing before }"],
    ['{"a": 1]', "line 1, column 8: } is expected, not ]"],
    [
      '{"a": 1} {"b": 2}',
      "line 1, column 10: the text goes on with { after its end: remove the rest",
    ],
    ['{"a": 1}}', "line 1, column 9: the text goes on with } after its end: remove the rest"],
    ['{"a": @}', 'line 1, column 7: "@" cannot stand here'],
    ['{"a": 1: 2}', "line 1, column 8: a comma is expected, not :"],
    ["{1: 2}", "line 1, column 2: a key in double quotes is expected, not 1"],
    ['\r\n{\r\n"a": 1 2}', "line 3, column 7: a comma is missing after 1"],
  ] as const
) {
  Deno.test(`parseNetconf() explains ${JSON.stringify(text)}`, () =>
    assertEquals(detailsOf(text), expected));
}

Deno.test("parseNetconf() shows no secret", () => {
  for (
    const text of [
      '{"etcdPassword": "hunter2" "a": 1}',
      '{"etcdPassword": hunter2}',
      '{"etcdPassword": "hunter2": 1}',
      '{"etcdURL": "https://root:hunter2@host" "a": 1}',
      '{"token": ["hunter2" "a"]}',
    ]
  ) assertNotMatch(detailsOf(text), /hunter2/);
});

Deno.test("findJsonError() agrees with JSON.parse()", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    "1",
    "-",
    "0.5e3",
    "true",
    "nul",
    " ",
    "\n",
    '"',
    "\\",
    "/",
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.array(piece).map((list) => list.join("")), fc.json(), fc.string()),
      (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        assertEquals(findJsonError(text) === undefined, valid);
      },
    ),
  );
});

Deno.test("findJsonError() finds what one deleted character broke", () => {
  fc.assert(fc.property(fc.json(), fc.nat(), (text, index) => {
    const broken = text.slice(0, index % text.length) + text.slice(index % text.length + 1);
    const found = findJsonError(broken);
    if (found !== undefined) assertMatch(found.what, /\S/);
  }));
});

Deno.test("findJsonError() takes any depth and length", () => {
  assertEquals(findJsonError("[".repeat(200_000))?.line, 1);
  assertEquals(findJsonError(`{"a": "${"x".repeat(2_000_000)}" 1}`)?.column, 2_000_009);
});
